import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;

/**
 * Evaluates mapping templates of API Gateway with Apache Velocity, whichever version is in the class path: one line of
 * standard input is one rendering, one line of standard output its text.
 *
 * A request is fields, `:` and base64, separated by blanks: the template, `input.body` or `-` for none, then name and value
 * of each variable of `$context`, dots in names being levels. The answer is the text in base64, or `!` and what was thrown.
 */
public class Render {
    /** `$input`, as far as templates for text need it. */
    public static final class Input {
        private final String body;

        Input(String body) {
            this.body = body;
        }

        public String getBody() {
            return body;
        }
    }

    /** `$util`. */
    public static final class Util {
        public String urlEncode(String text) {
            return URLEncoder.encode(text, StandardCharsets.UTF_8);
        }

        public String base64Encode(String text) {
            return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    public static void main(String[] args) throws Exception {
        VelocityEngine engine = new VelocityEngine();
        // Version 1.7 would write velocity.log; version 2 has no such property.
        engine.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
        engine.init();
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(answer(engine, line.split(" ")));
        }
    }

    private static String answer(VelocityEngine engine, String[] fields) {
        try {
            VelocityContext context = new VelocityContext();
            context.put("input", new Input(fields[1].equals("-") ? null : decode(fields[1])));
            context.put("util", new Util());
            context.put("context", toLevels(fields));
            StringWriter text = new StringWriter();
            engine.evaluate(context, text, "template", decode(fields[0]));
            return Base64.getEncoder().encodeToString(text.toString().getBytes(StandardCharsets.UTF_8));
        } catch (Exception thrown) {
            return "!" + thrown.toString().replace('\n', ' ');
        }
    }

    private static Map<String, Object> toLevels(String[] fields) {
        Map<String, Object> top = new HashMap<>();
        for (int i = 2; i + 1 < fields.length; i += 2) {
            Map<String, Object> level = top;
            String name = decode(fields[i]);
            for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.')) {
                @SuppressWarnings("unchecked")
                Map<String, Object> next =
                        (Map<String, Object>) level.computeIfAbsent(name.substring(0, dot), key -> new HashMap<>());
                level = next;
                name = name.substring(dot + 1);
            }
            level.put(name, decode(fields[i + 1]));
        }
        return top;
    }

    private static String decode(String field) {
        return new String(Base64.getDecoder().decode(field.substring(1)), StandardCharsets.UTF_8);
    }
}
