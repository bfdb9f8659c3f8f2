import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { functionResources, openRig, until, writeStack } from './rig.ts';

const CODE = `
let calls = 0;
const loadedAs = process.env.GREETING;
console.log('loaded');
export const handler = async (event, context) => {
  calls += 1;
  switch (event.do) {
    case 'wait': await new Promise((resolve) => setTimeout(resolve, event.ms)); break;
    case 'throw': throw new TypeError('as asked');
    case 'exit': process.exit(3);
    case 'reject later': setTimeout(() => Promise.reject(new Error('late')), 1); await new Promise(() => undefined);
    case 'nothing': return undefined;
    case 'say': console.log('first'); console.error('second'); break;
  }
  return { calls, pid: process.pid, loadedAs, env: process.env, context, leftMs: context.getRemainingTimeInMillis() };
};`;

const written = writeStack(
  {
    ...functionResources('Worker', {
      Environment: { Variables: { GREETING: { Ref: 'AWS::Region' } } },
      MemorySize: 256,
    }),
    ...functionResources('Slow', { Timeout: 1 }),
    ...functionResources('Single', { ReservedConcurrentExecutions: 1 }),
    ...functionResources('Broken'),
    ...functionResources('Nameless', { Handler: 'index.missing' }),
    ...functionResources('Callback'),
  },
  {
    Worker: CODE,
    Slow: CODE,
    Single: CODE,
    Broken: "throw new Error('can not be loaded');",
    Nameless: CODE,
    Callback: 'export const handler = (event, context, callback) => callback(null, 1);',
  },
);
const desk = await openRig(written.stack);

interface Answer {
  readonly calls: number;
  readonly pid: number;
  readonly loadedAs: string;
  readonly leftMs: number;
  readonly env: Record<string, string>;
  readonly context: Record<string, string>;
}

const arnOf = (label: string) => desk.functions.all.find((one) => one.label === label)!.arn;
const outcomeOf = (label: string, event: object = {}) => desk.functions.invoke(arnOf(label), event);
async function answerOf(label: string, event: object = {}): Promise<Answer> {
  const outcome = await outcomeOf(label, event);
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return JSON.parse(outcome.payload);
}
async function errorOf(label: string, event: object = {}) {
  const outcome = await outcomeOf(label, event);
  assert.not(outcome.ok);
  return outcome.ok ? null : outcome.error;
}

test('an instance is loaded once and used again', async () => {
  const [first, second] = [await answerOf('Worker'), await answerOf('Worker')];
  assert.equal([first.calls, second.calls], [1, 2]);
  assert.is(first.pid, second.pid);
  assert.is.not(first.pid, process.pid);
});

test('an instance takes one event at a time', async () => {
  const answers = await Promise.all([1, 2, 3].map(() => answerOf('Worker', { do: 'wait', ms: 200 })));
  assert.is(new Set(answers.map(({ pid }) => pid)).size, 3);
});

test('the environment is that of Lambda, with credentials of the role and nothing of ours', async () => {
  process.env.DESK_SECRET = 'ours';
  const { env, context, leftMs, loadedAs } = await answerOf('Worker');
  delete process.env.DESK_SECRET;
  assert.is(loadedAs, 'eu-central-1');
  assert.equal(
    [env.AWS_REGION, env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE, env._HANDLER, env.DESK_SECRET],
    ['eu-central-1', '256', 'index.handler', undefined],
  );
  const session = desk.principals.session(env.AWS_ACCESS_KEY_ID!);
  assert.match(session?.roleArn ?? '', /role\/small-WorkerRole$/);
  assert.is(session?.sessionToken, env.AWS_SESSION_TOKEN);
  assert.is(env.AWS_ENDPOINT_URL, desk.services.url);
  assert.equal([context.functionName, context.memoryLimitInMB], ['small-Worker', '256']);
  assert.ok(leftMs > 1000 && leftMs <= 10_000, `${leftMs} ms left`);
});

test('what it writes is logged under its name', async () => {
  await answerOf('Worker', { do: 'say' });
  await until(() => desk.lines.includes('Worker first') && desk.lines.includes('Worker second'));
});

test('an error is what the function threw, and the instance goes on', async () => {
  const before = await answerOf('Worker');
  const error = await errorOf('Worker', { do: 'throw' });
  assert.equal([error?.errorType, error?.errorMessage], ['TypeError', 'as asked']);
  const after = await answerOf('Worker');
  assert.is(after.pid, before.pid);
});

test('no answer is null', async () => {
  assert.equal(await outcomeOf('Worker', { do: 'nothing' }), { ok: true, payload: 'null' });
});

test('a process that ends is an error, and the next event gets a new one', async () => {
  assert.is((await errorOf('Single', { do: 'exit' }))?.errorType, 'Runtime.ExitError');
  assert.is((await errorOf('Single', { do: 'reject later' }))?.errorMessage, 'late');
  assert.is((await answerOf('Single')).calls, 1);
});

test('beyond its concurrency a function is throttled', async () => {
  const slow = answerOf('Single', { do: 'wait', ms: 500 });
  assert.is((await errorOf('Single'))?.errorType, 'TooManyRequestsException');
  await slow;
});

test('what takes longer than the timeout is ended', async () => {
  const startedMs = performance.now();
  const error = await errorOf('Slow', { do: 'wait', ms: 60_000 });
  assert.is(error?.errorMessage, 'Task timed out after 1.00 seconds');
  assert.ok(performance.now() - startedMs < 20_000);
  assert.is((await answerOf('Slow')).calls, 1);
});

test('what can not be loaded says why', async () => {
  assert.is((await errorOf('Broken'))?.errorMessage, 'can not be loaded');
  assert.is((await errorOf('Nameless'))?.errorType, 'Runtime.HandlerNotFound');
  assert.is((await errorOf('Callback'))?.errorType, 'Runtime.CallbackHandlerDeprecated');
});

test('a desk that closes leaves none behind that is only just starting', async () => {
  const small = writeStack({ ...functionResources('Worker') }, { Worker: CODE });
  const other = await openRig(small.stack);
  const worker = other.functions.all[0]!.arn;
  const outcome = other.functions.invoke(worker, { do: 'wait', ms: 60_000 });
  other.later.accept(worker, '{"do":"throw"}');
  await other.close();
  assert.not((await outcome).ok);
  assert.not((await other.functions.invoke(worker, {})).ok);
  small.remove();
});

test.after(async () => {
  await desk.close();
  written.remove();
});

test.run();
