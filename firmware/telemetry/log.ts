import pino from 'pino';
import { prettyLine } from './pretty.ts';

export type Logger = pino.Logger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface LogOptions {
  readonly level: LogLevel;
  /** auto: pretty on a terminal, else json. */
  readonly format: 'auto' | 'json' | 'pretty';
  /** Takes whole lines; standard error where there is none. */
  readonly destination?: { write(line: string): unknown };
}

/** Bytes that wait at most for a reader of standard error that is stuck; what is beyond is lost. */
const MAX_WAITING_BYTES = 256 * 1024;

const SECRET_FIELDS = ['token', 'authorization', 'credential', 'password', 'pairingCode'];

/**
 * A logger that writes one line an entry and blanks out secrets: fields named token, authorization and so on
 * down to two levels, and `token=...` and `Bearer ...` within any text.
 */
export function createLogger(options: LogOptions): Logger {
  // Not synchronous: a stuck terminal or journal must not hold up the robot.
  const output =
    options.destination ?? pino.destination({ dest: 2, sync: false, maxLength: MAX_WAITING_BYTES });
  const toTerminal = options.destination === undefined && process.stderr.isTTY === true;
  const pretty = options.format === 'pretty' || (options.format === 'auto' && toTerminal);
  const colours = toTerminal && !process.env.NO_COLOR;
  const stream = pretty ? { write: (line: string) => output.write(prettyLine(line, { colours })) } : output;
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: '********',
      },
      hooks: { streamWrite: blankSecrets },
    },
    stream,
  );
}

/** Addresses carry `?token=` or `#token=`, headers `Bearer`. */
export function blankSecrets(text: string): string {
  return text.replace(/\b(token=|Bearer )[^\s"&#\\,;]+/gi, '$1********');
}
