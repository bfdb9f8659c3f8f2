/**
 * Looks for what starting and stopping captures leaves behind.
 *
 *   npm run test:leaks [-- --cycles 500]
 *
 * 1. The addon's C++ without Node, under AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer, with
 *    GStreamer's own tracer of objects that are still alive at the end.
 * 2. The guardian's C under the same sanitizers.
 * 3. The addon in Node: memory, threads and open files after as many cycles, some of them in workers that are
 *    terminated with their capture running.
 * Leaks inside libraries that no frame of ours leads to are shown, and don't fail.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { guardianSanitized } from './leaks-guardian.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const build = `${root}build/leaks`;
const addonPath = `${root}build/Release/roverd_native.node`;
const { values } = parseArgs({ options: { cycles: { type: 'string', default: '500' } } });
const cycles = Number(values.cycles);

/** Above what garbage collection and malloc's arenas move by; a picture is 1.2 MB and an encoder some 10 MB. */
const MAX_GROWTH_MB = 8;
const OURS = /\/(native|test\/native\/leaks)\/[a-z_0-9]+\.(cc|h):/;

mkdirSync(build, { recursive: true });
const faults = [...(await guardianSanitized(root, build, cycles)), ...sanitized(), ...(await inNode())];
for (const fault of faults.slice(0, 20)) console.error(`LEAK: ${fault}`);
console.log(faults.length ? `${faults.length} faults` : 'no leaks');
process.exit(faults.length ? 1 : 0);

function sanitized() {
  const packages = ['gstreamer-1.0', 'gstreamer-app-1.0'];
  const flags = (kind) =>
    execFileSync('pkg-config', [kind, ...packages], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
  const withoutNode = ['capture', 'encoder', 'file_player', 'frame_input', 'gst', 'pipeline', 'source'];
  const sources = [
    ...withoutNode.map((name) => `${root}native/${name}.cc`),
    `${root}test/native/leaks/driver.cc`,
    `${root}test/native/leaks/fake_encoder.cc`,
  ];
  console.log('compiling with sanitizers ...');
  execFileSync(
    'g++',
    [
      ...['-std=c++17', '-g', '-O1', '-fno-omit-frame-pointer', '-Wall', '-Wextra'],
      '-fsanitize=address,undefined',
      ...flags('--cflags'),
      ...sources,
      ...['-o', `${build}/driver`],
      ...flags('--libs'),
      '-lpthread',
    ],
    { stdio: 'inherit' },
  );
  const video = `${build}/clip.mkv`;
  const clip =
    'videotestsrc num-buffers=45 ! video/x-raw,format=I420,width=320,height=240,framerate=30/1 ! x264enc';
  execFileSync('gst-launch-1.0', [
    '-q',
    ...clip.split(' '),
    '!',
    'matroskamux',
    '!',
    'filesink',
    `location=${video}`,
  ]);

  console.log(`${cycles} cycles under the sanitizers ...`);
  const run = spawnSync(`${build}/driver`, [String(cycles), video], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: cycles * 10_000 + 120_000,
    env: {
      ...process.env,
      // Stacks through libraries built without frame pointers, so that a leak is laid at the right door.
      ASAN_OPTIONS: 'fast_unwind_on_malloc=0:detect_leaks=1',
      UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
      G_SLICE: 'always-malloc',
      GST_TRACERS: 'leaks',
      GST_DEBUG: 'GST_TRACER:7',
      GST_DEBUG_NO_COLOR: '1',
    },
  });
  const lines = run.stderr.split('\n');
  const alive = lines.filter((line) => /object-alive, type-name=\(string\)[^%]/.test(line));
  const reports = run.stderr.split(/\n(?=(?:Direct|Indirect) leak of )/).slice(1);
  const found = alive.map(
    (line) => `a GStreamer object is still alive: ${line.replace(/^.*object-alive, /, '')}`,
  );
  for (const report of reports) {
    // What the library's own start-up loses once in a process is its own.
    if (OURS.test(report) && !report.includes('gst_init_check')) found.push(report.split('\n\n')[0]);
    else console.log(`  in a library: ${report.split('\n')[0]}`);
  }
  if (!run.stdout.includes(`${cycles} cycles`)) {
    found.push(
      `the driver did not come to its end: ${run.signal ?? run.status}\n${lines.slice(-60).join('\n')}`,
    );
  } else if (/runtime error|ERROR: AddressSanitizer/.test(run.stderr)) found.push(run.stderr.slice(-4000));
  console.log(
    `  ${alive.length} GStreamer objects alive, ${reports.length} blocks lost, ${found.length} faults`,
  );
  return found;
}

async function inNode() {
  const addon = createRequire(import.meta.url)(addonPath);
  const options = (source) => ({
    source,
    ...{ width: 640, height: 480, framesPerS: 30, bitrateKbps: 1000, keyFrameIntervalS: 60 },
    ...{ encoder: 'auto', stallMs: 5000 },
  });
  const picture = new Uint8Array(640 * 480 * 4);
  const sources = [{ kind: 'test' }, { kind: 'pushed' }, { kind: 'file', path: `${build}/clip.mkv` }];
  const worker = `const { workerData: { addonPath, options }, parentPort } = require('node:worker_threads');
    require(addonPath).startCapture(options, (event) => event.type === 'unit' && parentPort.postMessage(0));`;

  const captured = (source) =>
    new Promise((resolve) => {
      let timer;
      const id = addon.startCapture(options(source), (event) => {
        if (event.type === 'unit') addon.stopCapture(id);
        if (event.type !== 'stopped') return;
        clearInterval(timer);
        resolve();
      });
      if (source.kind !== 'pushed') return;
      timer = setInterval(() => addon.pushFrame(id, picture, Number(process.hrtime.bigint() / 1000n)), 2);
    });
  const inWorker = async () => {
    const thread = new Worker(worker, {
      eval: true,
      workerData: { addonPath, options: options({ kind: 'test' }) },
    });
    await new Promise((resolve) => thread.once('message', resolve));
    await thread.terminate();
  };
  const cycle = (n) => {
    if (n % 10 === 9) return inWorker();
    if (n % 10 === 8) return captured({ kind: 'v4l2', device: '/dev/video-none' });
    return captured(sources[n % sources.length]);
  };
  const measure = async () => {
    await sleep(500);
    for (let n = 0; n < 3; n++) globalThis.gc?.();
    return {
      residentMb: process.memoryUsage.rss() / 2 ** 20,
      threads: Number(/^Threads:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]),
      files: readdirSync('/proc/self/fd').length,
    };
  };
  const show = ({ residentMb, threads, files }) =>
    `${residentMb.toFixed(1)} MB, ${threads} threads, ${files} open files`;

  console.log(`${cycles} cycles in Node ${process.version} ...`);
  for (let n = 0; n < Math.min(cycles, 50); n++) await cycle(n);
  const before = await measure();
  console.log(`  after ${Math.min(cycles, 50)} cycles to warm up: ${show(before)}`);
  for (let n = 0; n < cycles; n++) await cycle(n);
  const after = await measure();
  console.log(`  after ${cycles} more: ${show(after)}`);
  const found = [];
  const grownMb = after.residentMb - before.residentMb;
  if (grownMb > MAX_GROWTH_MB) found.push(`${grownMb.toFixed(1)} MB more memory`);
  // GLib keeps idle threads of its pool for a while; there may be fewer of them, not more.
  if (after.threads > before.threads) found.push(`${after.threads - before.threads} more threads`);
  if (after.files !== before.files) found.push(`${after.files - before.files} more open files`);
  if (addon.runningCaptures().length > 0) found.push('captures that still run');
  return found;
}
