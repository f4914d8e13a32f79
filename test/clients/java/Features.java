import io.socket.client.Ack;
import io.socket.client.IO;
import io.socket.client.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import okhttp3.OkHttpClient;
import org.json.JSONArray;
import org.json.JSONObject;

/** Asks a server for each feature with socket.io-client-java, and prints one line of JSON about each: URL TRANSPORT stock|remedy features|chaos */
public final class Features {
  private static final int PATIENCE_SECONDS = 10;
  private static final int CONNECT_PATIENCE_SECONDS = 30;
  private static final int RETURN_PATIENCE_SECONDS = 20;
  private static final int CHAOS_PATIENCE_SECONDS = 3;
  private static final int CHAOS_SECONDS = 240;

  private static String url;
  private static String transport;
  private static OkHttpClient remedy;

  private interface Feature {
    void play(List<Client> clients) throws Exception;
  }

  /** One client. */
  private static final class Client {
    final Socket socket;
    final Map<String, BlockingQueue<Object[]>> heard = new ConcurrentHashMap<>();

    Client(String namespace) throws Exception {
      IO.Options options = new IO.Options();
      options.forceNew = true;
      options.transports = new String[] {transport};
      options.auth = Map.of("token", "secret");
      options.reconnectionDelay = 200;
      options.reconnectionDelayMax = 1000;
      options.randomizationFactor = 0;
      if (remedy != null) options.webSocketFactory = new TextFrames(remedy);
      socket = IO.socket(url + namespace, options);
      for (String event : List.of("connect", "said", "answered", "bytes", "one", "told", "left")) {
        BlockingQueue<Object[]> inbox = new LinkedBlockingQueue<>();
        heard.put(event, inbox);
        socket.on(event, inbox::add);
      }
      socket.on("question", args -> ((Ack) args[1]).call((Integer) args[0] * 2));
      socket.connect();
      next("connect", CONNECT_PATIENCE_SECONDS);
    }

    Object[] next(String event) throws Exception {
      return next(event, PATIENCE_SECONDS);
    }

    Object[] next(String event, int seconds) throws Exception {
      Object[] args = heard.get(event).poll(seconds, TimeUnit.SECONDS);
      if (args == null) throw new AssertionError("heard no " + event);
      return args;
    }

    Object[] call(String event, Object... args) throws Exception {
      Object[] answer = tryCall(PATIENCE_SECONDS, event, args);
      if (answer == null) throw new AssertionError("no acknowledgement of " + event);
      return answer;
    }

    Object[] tryCall(int seconds, String event, Object... args) throws Exception {
      BlockingQueue<Object[]> answers = new LinkedBlockingQueue<>();
      socket.emit(event, args, answers::add);
      return answers.poll(seconds, TimeUnit.SECONDS);
    }
  }

  private static Client open(List<Client> clients, String namespace) throws Exception {
    Client client = new Client(namespace);
    clients.add(client);
    return client;
  }

  private static void expect(Object got, Object wanted) {
    if (!String.valueOf(wanted).equals(String.valueOf(got))) {
      throw new AssertionError("expected " + wanted + ", got " + got);
    }
  }

  private static void comesBack(List<Client> clients, String event) throws Exception {
    Client client = open(clients, "/");
    client.socket.emit(event);
    client.next("connect", RETURN_PATIENCE_SECONDS);
    expect(Arrays.toString(client.call("echo", "x", 2)), "[x, 2]");
  }

  /** Says each again until it is acknowledged, as an app does whose messages count. It comes back by itself. */
  private static void sixtyInChaos(List<Client> clients) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(CHAOS_SECONDS);
    Client client = open(clients, "/");
    for (int number = 0; number < 60; number += 1) {
      Object[] answer = null;
      while (answer == null) {
        if (System.nanoTime() > deadline) throw new AssertionError(number + " of 60 acknowledged");
        answer = client.tryCall(CHAOS_PATIENCE_SECONDS, "echo", number, 0);
      }
      expect(Arrays.toString(answer), "[" + number + ", 0]");
    }
  }

  private static Map<String, Feature> features(String asked) {
    if (asked.equals("chaos")) return Map.of("sixty in chaos", Features::sixtyInChaos);
    Map<String, Feature> features = new LinkedHashMap<>();
    features.put("connect", clients -> expect(open(clients, "/").call("token")[0], "secret"));
    features.put("events", clients -> {
      Client client = open(clients, "/");
      client.socket.emit("say", "a", new JSONObject().put("b", new JSONArray(Arrays.asList(1, JSONObject.NULL, "ä"))));
      expect(Arrays.toString(client.next("said")), "[a, {\"b\":[1,null,\"ä\"]}]");
    });
    features.put("acknowledgements", clients -> expect(Arrays.toString(open(clients, "/").call("echo", "x", 2)), "[x, 2]"));
    features.put("questions", clients -> {
      Client client = open(clients, "/");
      client.socket.emit("ask");
      expect(client.next("answered")[0], 42);
    });
    features.put("bytes sent", clients -> {
      byte[] bytes = {1, 2, (byte) 255};
      expect(open(clients, "/").call("take bytes", (Object) bytes)[0], "[1,2,255]");
    });
    features.put("bytes heard", clients -> {
      Client client = open(clients, "/");
      client.socket.emit("give bytes");
      expect(Arrays.toString((byte[]) client.next("bytes")[0]), "[1, 2, -1]");
    });
    features.put("forty at once", clients -> {
      Client client = open(clients, "/");
      client.socket.emit("burst", 40);
      for (int n = 1; n <= 40; n += 1) expect(client.next("one")[0], n);
    });
    features.put("rooms", clients -> {
      Client one = open(clients, "/");
      Client other = open(clients, "/");
      String room = UUID.randomUUID().toString();
      expect(one.call("join", room)[0], "joined");
      expect(other.call("join", room)[0], "joined");
      other.socket.emit("tell", room);
      expect(one.next("told")[0], "hello");
      other.call("echo", 1, 2);
      expect(other.heard.get("told").size(), 0);
    });
    features.put("namespaces", clients -> expect(open(clients, "/admin").call("where")[0], "/admin"));
    features.put("goodbye", clients -> {
      Client watcher = open(clients, "/");
      Client leaver = open(clients, "/");
      watcher.call("join", "watchers");
      leaver.call("echo", 1, 2);
      leaver.socket.disconnect();
      watcher.next("left");
    });
    features.put("server close", clients -> comesBack(clients, "hang up"));
    features.put("crash", clients -> comesBack(clients, "crash"));
    return features;
  }

  public static void main(String[] args) throws Exception {
    url = args[0];
    transport = args[1];
    if (args[2].equals("remedy")) remedy = new OkHttpClient();
    for (Map.Entry<String, Feature> feature : features(args[3]).entrySet()) {
      List<Client> clients = new ArrayList<>();
      JSONObject outcome = new JSONObject().put("feature", feature.getKey());
      try {
        feature.getValue().play(clients);
        outcome.put("works", true);
      } catch (Throwable problem) {
        outcome.put("works", false).put("word", String.valueOf(problem));
      }
      System.out.println(outcome);
      for (Client client : clients) client.socket.disconnect();
    }
    // Threads of okhttp would wait for more.
    System.exit(0);
  }
}
