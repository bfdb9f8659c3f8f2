/**
 * One instance of a function, in a process of its own: loads the bundle once, then takes one event after the other
 * from the desk. Plain JavaScript, since it is started as it stands.
 *
 * From the desk: {id, event (JSON), deadlineMs, context}. To it: {ready}, {failed: error}, {id, payload (JSON)} or
 * {id, error}. Errors are as Lambda gives them: errorType, errorMessage, trace.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { LAMBDA_TASK_ROOT: root = '', _HANDLER: handlerName = '' } = process.env;

process.on('disconnect', () => process.exit());
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error) => {
    console.error(error);
    process.send({ failed: { ...described(error), errorType: `Runtime.${event}` } }, () => process.exit(1));
  });
}

try {
  const handler = await load();
  process.on('message', (message) => void take(handler, message));
  process.send({ ready: true });
} catch (error) {
  process.send({ failed: described(error) }, () => process.exit(1));
}

async function load() {
  const [, module, name] = /^(.+)\.([^.]+)$/.exec(handlerName) ?? [];
  const file = ['mjs', 'js', 'cjs'].map((ending) => join(root, `${module}.${ending}`)).find(existsSync);
  if (!file) throw named('Runtime.ImportModuleError', `Cannot find module '${module}' in ${root}`);
  const exported = await import(pathToFileURL(file).href);
  const handler = exported[name] ?? exported.default?.[name];
  if (typeof handler !== 'function') {
    throw named('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  }
  // https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html: callbacks ended with Node 24.
  if (handler.length > 2) {
    throw named(
      'Runtime.CallbackHandlerDeprecated',
      'Handlers with a callback are not supported from Node 24 on',
    );
  }
  return handler;
}

async function take(handler, { id, event, deadlineMs, context }) {
  try {
    const result = await handler(JSON.parse(event), {
      ...context,
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
    });
    process.send({ id, payload: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    console.error(error);
    process.send({ id, error: described(error) });
  }
}

function described(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  const { name, message, stack = '' } = error;
  return { errorType: name, errorMessage: message, trace: stack.split('\n') };
}

function named(name, message) {
  return Object.assign(new Error(message), { name });
}
