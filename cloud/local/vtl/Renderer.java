import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import net.minidev.json.JSONObject;
import org.apache.velocity.Template;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.runtime.RuntimeConstants;
import org.apache.velocity.runtime.RuntimeInstance;

/**
 * Renders mapping templates with Apache's own engine: one JSON object a line in, one a line out, in order.
 * In: template, body, params {path, querystring, header}, context, stageVariables. Out: output with what the
 * template set of `$context` (overrides), or error.
 */
public final class Renderer {
  /** Templates are parsed once; there are a few dozen in an API. */
  private static final int MAX_PARSED = 500;

  private final RuntimeInstance velocity = new RuntimeInstance();
  private final Map<String, Template> parsed =
      new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Template> eldest) {
          return size() > MAX_PARSED;
        }
      };
  private int parsedSoFar = 0;

  private Renderer() {
    velocity.setProperty(RuntimeConstants.RUNTIME_LOG_LOGSYSTEM_CLASS, "org.apache.velocity.runtime.log.NullLogChute");
    // A template reads no files, and reaches no class by way of the values it is given.
    velocity.setProperty(RuntimeConstants.RESOURCE_LOADER, "string");
    velocity.setProperty(
        "string.resource.loader.class", "org.apache.velocity.runtime.resource.loader.StringResourceLoader");
    velocity.setProperty(
        RuntimeConstants.UBERSPECT_CLASSNAME, "org.apache.velocity.util.introspection.SecureUberspector");
    velocity.setProperty(RuntimeConstants.VM_PERM_ALLOW_INLINE_REPLACE_GLOBAL, "false");
    velocity.setProperty(RuntimeConstants.VM_PERM_INLINE_LOCAL, "true");
    velocity.init();
  }

  public static void main(String[] arguments) throws Exception {
    Renderer renderer = new Renderer();
    BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    answers.println("{}");
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      JSONObject answer = new JSONObject();
      try {
        renderer.render(objectOf(Input.parse(line)), answer);
      } catch (Exception | StackOverflowError error) {
        answer.put("error", String.valueOf(error.getMessage()));
      }
      answers.println(answer.toJSONString());
    }
  }

  private void render(Map<String, Object> request, JSONObject answer) throws Exception {
    Map<String, Object> context = Context.of(objectIn(request, "context"));
    VelocityContext variables = new VelocityContext();
    variables.put("input", new Input((String) request.get("body"), objectIn(request, "params")));
    variables.put("util", new Util());
    variables.put("context", context);
    variables.put("stageVariables", Context.of(objectIn(request, "stageVariables")));
    StringWriter output = new StringWriter();
    templateOf((String) request.get("template")).merge(variables, output);
    answer.put("output", output.toString());
    for (String name : Context.OVERRIDES) answer.put(name, context.get(name));
  }

  static Map<String, Object> objectIn(Map<String, Object> of, String name) {
    return objectOf(of.get(name));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> objectOf(Object value) {
    return (Map<String, Object>) value;
  }

  private Template templateOf(String text) throws Exception {
    Template known = parsed.get(text);
    if (known != null) return known;
    Template template = new Template();
    template.setName("template" + parsedSoFar++);
    template.setRuntimeServices(velocity);
    template.setData(velocity.parse(new StringReader(text), template.getName()));
    template.initDocument();
    parsed.put(text, template);
    return template;
  }
}
