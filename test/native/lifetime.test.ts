import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadAddon } from '../../native/addon.ts';
import { addonPath, captureOptions, openFiles, Recording, threads } from './rig.ts';

const options = JSON.stringify(captureOptions({ kind: 'test' }));
const preamble = `const addon = require(${JSON.stringify(addonPath)}); const options = ${options};`;

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly ms: number;
}

/** Runs a script that is expected to end by itself; one that hangs is killed and so seen by its signal. */
function runScript(script: string): Promise<End> {
  const started = performance.now();
  const child = spawn(process.execPath, ['-e', `${preamble}\n${script}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, output, ms: performance.now() - started });
    });
  });
}

const exits: [string, number, string][] = [
  [
    'process.exit while pictures come',
    0,
    `addon.startCapture(options, (e) => { if (e.type === 'unit') setTimeout(() => process.exit(0), 50); });`,
  ],
  ['process.exit in a listener', 0, `addon.startCapture(options, () => process.exit(0));`],
  ['process.exit while it starts', 0, `addon.startCapture(options, () => {}); process.exit(0);`],
  [
    'process.exit with four captures',
    0,
    `let n = 0; for (let i = 0; i < 4; i++) addon.startCapture(options, () => { if (++n === 20) process.exit(0); });`,
  ],
  [
    'process.exit right after a stop',
    0,
    `const id = addon.startCapture(options, () => { addon.stopCapture(id); process.exit(0); });`,
  ],
  [
    'an exception nobody catches, thrown by a listener',
    1,
    `addon.startCapture(options, () => { throw new Error('thrown by a listener'); });`,
  ],
  [
    'nothing left to do after a stop',
    0,
    `const id = addon.startCapture(options, (e) => { if (e.type === 'unit') addon.stopCapture(id); });`,
  ],
  [
    'a camera that failed',
    0,
    `addon.startCapture({ ...options, source: { kind: 'v4l2', device: '/dev/none' } }, () => {});`,
  ],
];

for (const [name, code, script] of exits) {
  test(`the process ends cleanly: ${name}`, async () => {
    const end = await runScript(script);
    assert.equal({ code: end.code, signal: end.signal }, { code, signal: null }, end.output);
    assert.ok(end.ms < 10_000, `took ${end.ms} ms`);
    if (code === 1) assert.match(end.output, /thrown by a listener/);
  });
}

test('a listener that throws does not cost the events after', async () => {
  const end = await runScript(`
    let thrown = 0, units = 0;
    process.on('uncaughtException', (error) => { if (error.message === 'again') thrown++; });
    const id = addon.startCapture(options, (e) => {
      if (e.type === 'stopped') console.log(thrown, units);
      else { if (++units === 10) addon.stopCapture(id); throw new Error('again'); }
    });`);
  assert.is(end.output.trim(), '10 10');
  assert.is(end.code, 0);
});

test('a worker terminated with its capture running takes it along', async () => {
  const { runningCaptures } = loadAddon();
  for (let round = 0; round < 5; round++) {
    const worker = new Worker(
      `${preamble} const { parentPort } = require('node:worker_threads');
       const id = addon.startCapture(options, (e) => { if (e.type === 'unit') parentPort.postMessage(id); });`,
      { eval: true },
    );
    const id = await new Promise<number>((resolve) => worker.once('message', resolve));
    assert.equal(runningCaptures(), [id]);
    await worker.terminate();
    assert.equal(runningCaptures(), []);
  }
  const recording = new Recording({ kind: 'test' });
  await recording.untilUnits(3);
  await recording.stop();
});

test('a worker terminated while its capture starts', async () => {
  for (let round = 0; round < 5; round++) {
    const worker = new Worker(
      `${preamble} addon.startCapture(options, () => {});
       require('node:worker_threads').parentPort.postMessage('started');`,
      { eval: true },
    );
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
    assert.equal(loadAddon().runningCaptures(), []);
  }
});

test('a worker that was alone with the addon leaves a process that goes on', async () => {
  const worker = `${preamble} const { parentPort } = require('node:worker_threads');
    addon.startCapture(options, (e) => { if (e.type === 'unit') parentPort.postMessage('streams'); });`;
  const child = spawn(
    process.execPath,
    [
      '-e',
      `const { Worker } = require('node:worker_threads');
       const rounds = async () => {
         for (let i = 0; i < 3; i++) {
           const worker = new Worker(${JSON.stringify(worker)}, { eval: true });
           await new Promise((resolve) => worker.once('message', resolve));
           await worker.terminate();
         }
         setTimeout(() => console.log('still here'), 300);
       };
       rounds();`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.is(output.trim(), 'still here');
  assert.is(code, 0);
});

test('two captures at once do not mix', async () => {
  const a = new Recording({ kind: 'pushed' });
  const b = new Recording({ kind: 'test' });
  await a.pushTaken(new Uint8Array(320 * 240 * 4), 1234);
  await Promise.all([a.untilUnits(1), b.untilUnits(5)]);
  assert.equal(loadAddon().runningCaptures().sort(), [a.id, b.id]);
  await b.stop();
  await a.pushTaken(new Uint8Array(320 * 240 * 4), 5678);
  await a.untilUnits(2);
  await a.stop();
  assert.equal(
    a.units.map((unit) => unit.capturedUs),
    [1234, 5678],
  );
});

test('stopping is quick, may be repeated, and wins over a start under way', async () => {
  const { stopCapture, runningCaptures } = loadAddon();
  const recording = new Recording({ kind: 'test' });
  await recording.untilUnits(3);
  const started = performance.now();
  assert.ok(stopCapture(recording.id));
  stopCapture(recording.id);
  assert.ok(performance.now() - started < 5, 'without waiting');
  await recording.ended();
  assert.ok(performance.now() - started < 200, `ended after ${performance.now() - started} ms`);
  assert.not(stopCapture(recording.id));

  const early = new Recording({ kind: 'test' });
  assert.ok(stopCapture(early.id));
  await early.ended();
  assert.equal([early.units, early.errors, runningCaptures()], [[], [], []]);
});

test('thirty starts and stops leave no thread and no file open', async () => {
  const round = async (n: number) => {
    const recording = new Recording(n % 2 ? { kind: 'pushed' } : { kind: 'test' });
    if (n % 3 === 0 && n % 2 === 0) await recording.untilUnits(1);
    await recording.stop();
  };
  for (let n = 0; n < 6; n++) await round(n);
  const files = openFiles();
  const before = threads();
  for (let n = 0; n < 30; n++) await round(n);
  assert.is(openFiles(), files);
  // A thread that has told its end may be counted for a moment yet.
  for (let wait = 0; wait < 100 && threads() > before; wait++) await sleep(10);
  assert.ok(threads() <= before, `${before} threads before, ${threads()} after`);
});

test.run();
