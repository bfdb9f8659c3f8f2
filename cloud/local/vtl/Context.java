import java.util.LinkedHashMap;
import java.util.Map;

/** `$context` and `$stageVariables`: what has no value is empty, not the name of the variable. */
final class Context extends LinkedHashMap<String, Object> {
  /** What a template may set, for the request that goes on or the response that goes back. */
  static final String[] OVERRIDES = {"requestOverride", "responseOverride"};

  static Map<String, Object> of(Map<?, ?> values) {
    Context context = new Context();
    values.forEach(
        (name, value) -> context.put(String.valueOf(name), value instanceof Map<?, ?> inner ? of(inner) : value));
    return context;
  }

  @Override
  public Object get(Object name) {
    Object value = super.get(name);
    return value == null ? "" : value;
  }

  /** Velocity asks by this name before it says that there is nothing. */
  @Override
  public boolean containsKey(Object name) {
    return true;
  }
}
