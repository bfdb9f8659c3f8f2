import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.PathNotFoundException;
import java.util.LinkedHashMap;
import java.util.Map;
import net.minidev.json.JSONObject;
import net.minidev.json.JSONStyle;
import net.minidev.json.JSONValue;

/** `$input`: body and parameters of the request, or the body of the integration's response. */
public final class Input {
  private static final String[] PLACES = {"path", "querystring", "header"};
  /** As JSON asks for, and no more: a slash stays a slash. */
  private static final JSONStyle STYLE = new JSONStyle(JSONStyle.FLAG_PROTECT_4WEB);

  private final String body;
  private final Map<String, Map<String, String>> params = new LinkedHashMap<>();
  private Object root;

  Input(String body, JSONObject params) {
    this.body = body;
    for (String place : PLACES) {
      Map<String, String> values = new LinkedHashMap<>();
      ((JSONObject) params.get(place)).forEach((name, value) -> values.put(name, String.valueOf(value)));
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

  /** The parser takes DEL for a control character, which JSON does not: it goes in escaped. */
  static Object parse(String json) throws net.minidev.json.parser.ParseException {
    return JSONValue.parseStrict(json.replace("\u007f", "\\u007f"));
  }

  /** Without a body it is an empty object; a body that is no JSON is a text. */
  private static Object parsed(String body) {
    if (body.isBlank()) return new JSONObject();
    try {
      Object value = parse(body);
      return value == null ? "" : value;
    } catch (net.minidev.json.parser.ParseException none) {
      return body;
    }
  }
}
