const COLOUR: Readonly<Record<string, string>> = {
  debug: '\x1b[2m',
  trace: '\x1b[2m',
  warn: '\x1b[33m',
  error: '\x1b[31m',
  fatal: '\x1b[31m',
};

/** `12:04:31.250 warn  sensor gives no reading  sensor=wifi` out of one line of JSON; other lines stay as they are. */
export function prettyLine(json: string, { colours }: { readonly colours: boolean }): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(json);
  } catch {
    return json;
  }
  const { level, time, msg, ...fields } = entry;
  const stack = typeof fields.err === 'object' && fields.err !== null ? stackOf(fields) : '';
  const clock = String(time).slice(11, 23);
  const shown = Object.entries(fields).map(([name, value]) => `  ${name}=${show(value)}`);
  const colour = colours ? (COLOUR[String(level)] ?? '') : '';
  return `${colour}${clock} ${String(level).padEnd(5)} ${msg ?? ''}${shown.join('')}${colour && '\x1b[0m'}\n${stack}`;
}

/** Takes the error out of the fields but for its message, and gives its stack as lines of their own. */
function stackOf(fields: Record<string, unknown>): string {
  const { message, stack } = fields.err as { message?: unknown; stack?: unknown };
  fields.err = message;
  return typeof stack === 'string' ? `${stack.replace(/^/gm, '    ')}\n` : '';
}

function show(value: unknown): string {
  if (typeof value === 'number') return String(Math.round(value * 1000) / 1000);
  if (typeof value === 'string') return /[\s"=]/.test(value) ? JSON.stringify(value) : value;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, inner]) => `${name}=${show(inner)}`)
    .join(' ')}}`;
}
