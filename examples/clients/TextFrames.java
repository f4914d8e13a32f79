import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;
import okio.ByteString;

/**
 * A WebSocket factory for socket.io-client-java whose bytes travel as text frames, `b` and base64, which API Gateway lets
 * pass, and which tells the client of a server's close at once.
 *
 * <pre>
 * IO.Options options = new IO.Options();
 * options.webSocketFactory = new TextFrames(new OkHttpClient());
 * </pre>
 */
public final class TextFrames implements WebSocket.Factory {
  /** What a close frame without a code is read as, which may not be written. */
  private static final int NO_STATUS = 1005;
  private static final int NORMAL = 1000;

  private final OkHttpClient http;

  public TextFrames(OkHttpClient http) {
    this.http = http;
  }

  @Override
  public WebSocket newWebSocket(Request request, WebSocketListener client) {
    return new Sender(http.newWebSocket(request, new Reader(client)));
  }

  /** What comes from the server. */
  private static final class Reader extends WebSocketListener {
    private final WebSocketListener client;

    Reader(WebSocketListener client) {
      this.client = client;
    }

    @Override
    public void onOpen(WebSocket socket, Response response) {
      client.onOpen(new Sender(socket), response);
    }

    @Override
    public void onMessage(WebSocket socket, String text) {
      ByteString bytes = text.startsWith("b") ? ByteString.decodeBase64(text.substring(1)) : null;
      if (bytes == null) client.onMessage(socket, text);
      else client.onMessage(socket, bytes);
    }

    @Override
    public void onMessage(WebSocket socket, ByteString bytes) {
      client.onMessage(socket, bytes);
    }

    /** The client listens for the end alone, which comes when its own close has answered the server's. */
    @Override
    public void onClosing(WebSocket socket, int code, String reason) {
      socket.close(code == NO_STATUS ? NORMAL : code, reason);
    }

    @Override
    public void onClosed(WebSocket socket, int code, String reason) {
      client.onClosed(socket, code, reason);
    }

    @Override
    public void onFailure(WebSocket socket, Throwable problem, Response response) {
      client.onFailure(socket, problem, response);
    }
  }

  /** What goes to the server. */
  private static final class Sender implements WebSocket {
    private final WebSocket socket;

    Sender(WebSocket socket) {
      this.socket = socket;
    }

    @Override
    public boolean send(ByteString bytes) {
      return socket.send("b" + bytes.base64());
    }

    @Override
    public boolean send(String text) {
      return socket.send(text);
    }

    @Override
    public boolean close(int code, String reason) {
      return socket.close(code, reason);
    }

    @Override
    public void cancel() {
      socket.cancel();
    }

    @Override
    public long queueSize() {
      return socket.queueSize();
    }

    @Override
    public Request request() {
      return socket.request();
    }
  }
}
