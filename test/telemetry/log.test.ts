import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createLogger, type LogOptions } from '../../firmware/telemetry/log.ts';
import { prettyLine } from '../../firmware/telemetry/pretty.ts';

function logging(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const logger = createLogger({ level: 'info', format: 'json', destination, ...options });
  return { logger, lines };
}

test('writes one object a line, with time, level and fields', () => {
  const { logger, lines } = logging();
  logger.debug('too small a thing');
  logger.info({ port: 8080 }, 'listening');
  assert.is(lines.length, 1);
  const { time, ...entry } = JSON.parse(lines[0]!);
  assert.equal(entry, { level: 'info', port: 8080, msg: 'listening' });
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
});

test('never writes a secret, wherever it stands', () => {
  const secret = 'Sup3rSecretT0ken';
  for (const format of ['json', 'pretty'] as const) {
    const { logger, lines } = logging({ format });
    logger.info({ token: secret }, 'a');
    logger.info({ request: { headers: { authorization: `Bearer ${secret}` } } }, 'b');
    logger.info({ url: `/teleop?token=${secret}&x=1` }, 'c');
    logger.info({ config: { token: secret }, header: `Bearer ${secret}` }, 'd');
    logger.warn(`refused /api/state?x=1&token=${secret}`);
    logger.error({ err: new Error(`GET /?token=${secret} failed`) }, 'e');
    assert.is(lines.length, 6);
    assert.not.match(lines.join(''), secret);
    assert.match(lines[2]!, /\/teleop\?token=\*{8}&x=1/);
  }
});

test('pretty lines have time of day, level, message and fields', () => {
  const line = (fields: object) =>
    prettyLine(
      JSON.stringify({ level: 'warn', time: '2026-01-02T03:04:05.678Z', ...fields, msg: 'no reading' }),
      {
        colours: false,
      },
    );
  assert.is(
    line({ sensor: 'wifi', n: 0.12345, text: 'a b', list: [1], inner: { a: 1, b: 'x' }, none: null }),
    '03:04:05.678 warn  no reading  sensor=wifi  n=0.123  text="a b"  list=[1]  inner={a=1 b=x}  none=null\n',
  );
  assert.is(
    line({ err: { type: 'Error', message: 'bad thing', stack: 'Error: bad thing\n    at x' } }),
    '03:04:05.678 warn  no reading  err="bad thing"\n    Error: bad thing\n        at x\n',
  );
  assert.match(
    prettyLine('{"level":"error","time":"2026-01-02T03:04:05.678Z","msg":"x"}', { colours: true }),
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colour codes are what is tested
    /^\x1b\[31m.*\x1b\[0m\n$/,
  );
  assert.is(prettyLine('not json\n', { colours: false }), 'not json\n');
});

test.run();
