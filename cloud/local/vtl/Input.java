import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.PathNotFoundException;
import java.util.LinkedHashMap;
import java.util.Map;
import net.minidev.json.JSONStyle;
import net.minidev.json.JSONValue;

/** `$input`: body and parameters of the request, or the body of the integration's response. */
public final class Input {
  private static final String[] PLACES = {"path", "querystring", "header"};
  /** As JSON asks for, and no more: a slash stays a slash. */
  private static final JSONStyle STYLE = new JSONStyle(JSONStyle.FLAG_PROTECT_4WEB);

  /** json-smart, which comes with Jayway, takes a hundred items of DynamoDB for an attack by depth. */
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final String body;
  private final Map<String, Map<String, String>> params = new LinkedHashMap<>();
  private Object root;

  Input(String body, Map<String, Object> params) {
    this.body = body;
    for (String place : PLACES) {
      Map<String, String> values = new LinkedHashMap<>();
      Renderer.objectIn(params, place).forEach((name, value) -> values.put(name, String.valueOf(value)));
      this.params.put(place, values);
    }
  }

  public String getBody() {
    return body;
  }

  /** Looks in the path, then in the query, then in the headers. */
  public String params(String name) {
    for (String place : PLACES) {
      String value = params.get(place).get(name);
      if (value != null) return value;
    }
    return "";
  }

  public Map<String, Map<String, String>> params() {
    return params;
  }

  /** What a JSONPath leads to, as an object that has methods; empty when it leads nowhere. */
  public Object path(String path) {
    Object found = find(path);
    return found == null ? "" : found;
  }

  /** The same as JSON. */
  public String json(String path) {
    return JSONValue.toJSONString(path(path), STYLE);
  }

  private Object find(String path) {
    if (root == null) root = parsed(body);
    // Jayway reads a path from objects and lists only.
    if (path.equals("$")) return root;
    try {
      return JsonPath.using(Configuration.defaultConfiguration()).parse(root).read(path);
    } catch (PathNotFoundException | IllegalArgumentException none) {
      return null;
    }
  }

  static Object parse(String json) throws JsonProcessingException {
    return MAPPER.readValue(json, Object.class);
  }

  /** Without a body it is an empty object; a body that is no JSON is a text. */
  private static Object parsed(String body) {
    if (body.isBlank()) return new LinkedHashMap<String, Object>();
    try {
      Object value = parse(body);
      return value == null ? "" : value;
    } catch (JsonProcessingException none) {
      return body;
    }
  }
}
