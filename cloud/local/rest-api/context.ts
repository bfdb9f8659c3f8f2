/** `$context` of a request: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html */
export type Context = { [name: string]: string | Context };

/**
 * Puts the values of `$context.a.b` into a text; other variables and directives of VTL are not carried out.
 * @param missing stands for what has no value
 */
export function fill(template: string, context: Context, missing: string): string {
  return template.replace(
    /\$context((?:\.\w+)+)|\$\{context((?:\.\w+)+)\}/g,
    (_, plain?: string, braced?: string) => {
      const path = (plain ?? braced)!.split('.').slice(1);
      let value: string | Context | undefined = context;
      for (const name of path) value = typeof value === 'object' ? value[name] : undefined;
      return typeof value === 'string' ? value : missing;
    },
  );
}

/** What of VTL a template uses beyond `$context`; null: nothing. */
export function beyondContext(template: string): string | null {
  const rest = template.replace(/\$context(\.\w+)+|\$\{context(\.\w+)+\}/g, '');
  return /\$!?\{?[A-Za-z]\w*|#(if|set|foreach|else|end|define|macro)\b/.exec(rest)?.[0] ?? null;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** As in `09/Apr/2015:12:34:56 +0000`. */
export function requestTime(atMs: number): string {
  const date = new Date(atMs);
  const time = date.toISOString().slice(11, 19);
  const day = `${date.getUTCDate()}`.padStart(2, '0');
  return `${day}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:${time} +0000`;
}
