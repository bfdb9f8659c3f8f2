import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { packageRoot } from '../../../config/paths.ts';
import { LineFeed } from '../desk/line-feed.ts';
import { createLog } from '../desk/log.ts';
import { type OpenDesk, openDesk } from '../desk/open-desk.ts';
import { quiet } from '../desk/quiet.ts';
import { findEvent, readEvent, type SavedEvent, savedEvents } from '../page/saved-events.ts';
import { type DeskPage, servePage } from '../page/server.ts';
import { readStack } from '../template/assembly.ts';
import { ensureAssembly } from './ensure-assembly.ts';
import { introduction } from './introduction.ts';
import { type RobotProcess, startRobot } from './robot-process.ts';

interface Options {
  readonly port: number;
  readonly parameter: Readonly<Record<string, string>>;
  readonly context: readonly string[];
  readonly robot?: string | true;
  readonly invoke?: string;
  readonly payload?: string;
  readonly ui: boolean;
  readonly uiPort: number;
}

const DEFAULT_PORT = 8787;
const DEFAULT_UI_PORT = 8788;

const EXAMPLES = `
Examples:
  npm run cloud:local -- robot --robot                       a simulated robot, driven by curl
  npm run cloud:local -- retention                           a page to invoke functions from, and to let time pass
  npm run cloud:local -- atm-events --no-ui --payload NAME   one saved event, without a page`;

/** Runs the desk until it is told to end. Sets the process's exit code. */
export async function runDesk(args: readonly string[]): Promise<void> {
  const program = new Command('npm run cloud:local --')
    .description('Runs a synthesized stack on this machine')
    .argument('<stack>', 'its name or the end of it: robot for roverd-robot')
    .option('--port <number>', 'port of the first REST API; 0: any', portOf, DEFAULT_PORT)
    .option('--parameter <name=value>', "a parameter of the stack's template", collectPair, {})
    .option('-c, --context <name=value>', 'context of the synthesis, which is done again then', collect, [])
    .option('--robot [name]', 'starts a simulated robot that is linked to the broker')
    .option('--ui-port <number>', 'port of the page; 0: any', portOf, DEFAULT_UI_PORT)
    .option('--no-ui', 'no page')
    .option(
      '--invoke <function>',
      'invokes one function (by the beginning of its logical id), prints its answer and ends',
    )
    .option(
      '--payload <name>',
      'invokes with a saved event (cloud/SCENARIO/events) or a file of JSON, and ends',
    )
    .addHelpText('after', EXAMPLES)
    .action((stack: string, options: Options) => run(stack, options));
  await program.parseAsync([...args], { from: 'user' });
}

async function run(wanted: string, options: Options): Promise<void> {
  let robot: RobotProcess | null = null;
  let desk: OpenDesk | null = null;
  let page: DeskPage | null = null;
  const ended = new Promise<void>((resolve) => {
    // A Ctrl-C may come twice, from the terminal and from npm: the second must not cut off the end.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  try {
    const folder = await ensureAssembly(options.context);
    const stack = await readStack(folder, wanted);
    const events = savedEvents(stack.name);
    const event = options.payload === undefined ? null : findEvent(options.payload, events);
    const feed = new LineFeed();
    const log = createLog((source, text) => {
      console.log(`${source.padEnd(10)} ${text}`);
      feed.add({ atMs: Date.now(), source, text });
    });
    desk = await openDesk(stack, {
      folder: join(packageRoot(), '.roverd/desk', stack.name),
      port: options.port,
      parameters: options.parameter,
      log,
    });
    if (options.invoke !== undefined || event) {
      console.log(await invoke(desk, options.invoke ?? event?.functionLabel ?? '', event));
      if (!(await quiet(desk))) console.log('The desk ends, though what followed has not all happened');
      return;
    }
    if (options.ui) page = await servePage({ stack: stack.name, desk, feed, events, port: options.uiPort });
    const robotStarts = options.robot !== undefined;
    console.log(await introduction(stack.name, desk, { robotStarts, pageUrl: page?.url ?? null, events }));
    if (options.robot !== undefined) robot = await startRobot(desk, options.robot);
    await ended;
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  } finally {
    await robot?.end();
    await page?.close();
    await desk?.close();
  }
}

/** @param beginning of the function's label; empty: the only one */
async function invoke(desk: OpenDesk, beginning: string, saved: SavedEvent | null): Promise<string> {
  const functions = desk.functions.all.filter(({ label }) => label.startsWith(beginning));
  if (functions.length !== 1) {
    const names = desk.functions.all.map(({ label }) => label).join(', ');
    throw new Error(`Expected --invoke to be one of ${names} but received ${beginning || 'none'}`);
  }
  const outcome = await desk.functions.invoke(functions[0]!.arn, saved ? readEvent(saved.path) : {});
  if (!outcome.ok) process.exitCode = 1;
  return outcome.ok ? outcome.payload : JSON.stringify(outcome.error, null, 2);
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('Expected 0 to 65535.');
}

function collect(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

function collectPair(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const [name = '', value] = text.split(/=(.*)/s);
  if (name === '' || value === undefined) throw new InvalidArgumentError('Expected NAME=VALUE.');
  return { ...before, [name]: value };
}
