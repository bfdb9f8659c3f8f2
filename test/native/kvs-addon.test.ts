/** What the addon makes of viewers in JavaScript: with the double of the SDK, and with the SDK where it is built in. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { NativeAddon } from '../../native/addon.ts';
import type { KvsAddon, KvsEvent, KvsPeerOptions } from '../../native/kvs-addon.ts';
import { compileAddon } from './kvs-double-build.ts';
import { skipWithoutKvs } from './kvs-present.ts';
import { addonPath, captureOptions } from './rig.ts';

const OPTIONS: KvsPeerOptions = { iceServers: [], keptChannel: -1 };
const OFFER = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'm=video 9 UDP/TLS/RTP/SAVPF 108',
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:Xv0s',
  'a=ice-pwd:Zt7cJ3oP1mQ9wE5rT2yU8iKa',
  'a=ice-options:trickle',
  `a=fingerprint:sha-256 ${'0F:'.repeat(31)}0F`,
  'a=setup:actpass',
  'a=mid:0',
  'a=recvonly',
  'a=rtcp-mux',
  'a=rtpmap:108 H264/90000',
  'a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  '',
].join('\r\n');

async function until(what: string, holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function watch(kvs: KvsAddon) {
  const events: KvsEvent[] = [];
  const id = kvs.createPeer(OPTIONS, (event) => events.push(event));
  const has = (type: KvsEvent['type']) => events.some((event) => event.type === type);
  const close = async () => {
    kvs.close(id);
    await until('the peer to close', () => has('closed'));
  };
  return { id, events, has, close };
}

/** Runs a script that is expected to end by itself within 15 s. */
function runScript(path: string, script: string): Promise<{ code: number | null; output: string }> {
  const preamble = `
    const addon = require(${JSON.stringify(path)});
    const kvs = addon.kvs;
    const OFFER = ${JSON.stringify(OFFER)};
    const open = (onEvent) => {
      const id = kvs.createPeer(${JSON.stringify(OPTIONS)}, (event) => onEvent(event, id));
      kvs.answer(id, OFFER);
      return id;
    };`;
  const child = spawn(process.execPath, ['-e', `${preamble}\n${script}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, output: signal ? `${output} killed by ${signal}` : output });
    });
  });
}

const EXITS: readonly (readonly [string, number, string])[] = [
  [
    'process.exit with viewers open',
    0,
    `let n = 0; for (let i = 0; i < 4; i++) open((e) => { if (e.type === 'candidate' && ++n === 4) process.exit(0); });`,
  ],
  ['process.exit in the answer', 0, `open((e) => { if (e.type === 'answer') process.exit(0); });`],
  ['process.exit while it negotiates', 0, `open(() => {}); process.exit(0);`],
  [
    'process.exit right after a close',
    0,
    `const id = open((e) => { if (e.type === 'answer') { kvs.close(id); process.exit(0); } });`,
  ],
  [
    'nothing left to do after a close',
    0,
    `const id = open((e) => { if (e.type === 'answer') kvs.close(id); });`,
  ],
  ['nothing left to do after making ready', 0, `kvs.logTo(() => {}); kvs.prepare();`],
  ['an exception nobody catches', 1, `open((e) => { throw new Error('thrown by a listener'); });`],
];

function suite(name: string, pathOf: () => Promise<string> | string): void {
  test(`${name}: a viewer is answered, told its candidates and closed`, async () => {
    const { kvs } = createRequire(import.meta.url)(await pathOf()) as NativeAddon;
    assert.ok(kvs);
    kvs.prepare();
    const viewer = watch(kvs);
    assert.equal(kvs.runningPeers(), [viewer.id]);
    assert.ok(kvs.answer(viewer.id, OFFER));
    await until('an answer', () => viewer.has('answer'));
    await until('candidates', () => viewer.has('candidate'));
    const answer = viewer.events.find((event) => event.type === 'answer');
    assert.match(answer?.type === 'answer' ? answer.sdp : '', /^v=0\r\n/);
    assert.ok(kvs.addCandidate(viewer.id, 'candidate:1 1 udp 2113937151 192.0.2.7 9 typ host'));
    await viewer.close();
    assert.is(viewer.events.at(-1)?.type, 'closed');
    assert.equal(kvs.runningPeers(), []);
    for (const call of [
      () => kvs.answer(viewer.id, OFFER),
      () => kvs.addCandidate(viewer.id, 'x'),
      () => kvs.sendFrame(viewer.id, Buffer.alloc(9), true, 0),
      () => kvs.sendText(viewer.id, 'x'),
      () => kvs.attach(viewer.id, 0),
      () => kvs.close(viewer.id),
    ]) {
      assert.is(call(), false);
    }
    assert.is(kvs.stats(viewer.id), null);
    assert.is(kvs.channel(viewer.id), -1);
  });

  test(`${name}: what is wrong is refused in words and changes nothing`, async () => {
    const { kvs } = createRequire(import.meta.url)(await pathOf()) as { kvs: KvsAddon };
    const refused: [() => unknown, RegExp][] = [
      [() => kvs.createPeer(undefined as never, () => {}), /Expected options to be an object/],
      [
        () => kvs.createPeer({ ...OPTIONS, keptChannel: 0.5 }, () => {}),
        /Expected keptChannel to be a whole number/,
      ],
      [
        () => kvs.createPeer({ ...OPTIONS, iceServers: {} as never }, () => {}),
        /Expected iceServers to be an array/,
      ],
      [
        () =>
          kvs.createPeer(
            { ...OPTIONS, iceServers: Array(22).fill({ url: 'stun:a', username: '', credential: '' }) },
            () => {},
          ),
        /Expected at most 21 ICE servers/,
      ],
      [
        () =>
          kvs.createPeer(
            { ...OPTIONS, iceServers: [{ url: 'x'.repeat(128), username: '', credential: '' }] },
            () => {},
          ),
        /Expected url to be a text of at most 127 bytes/,
      ],
      [() => kvs.createPeer(OPTIONS, null as never), /Expected a function/],
      [() => kvs.answer(1, 'x'.repeat(25_001)), /Expected offer to be a text of at most 25000 bytes/],
      [() => kvs.answer(1, 'a\0b'), /without a null/],
      [() => kvs.sendFrame(1, 'x' as never, true, 0), /Expected data to be a Buffer/],
      [() => kvs.sendFrame(1, Buffer.alloc(1), true, -1), /Expected capturedUs/],
      [() => kvs.sendText(1, 7 as never), /Expected text to be a text/],
      [() => kvs.attach(1, -1), /Expected captureId/],
      [() => kvs.close('1' as never), /Expected peerId/],
      [() => kvs.logTo(7 as never), /Expected a function/],
    ];
    for (const [call, message] of refused) assert.throws(call, message);
    assert.equal(kvs.runningPeers(), []);
  });

  for (const [what, code, script] of EXITS) {
    test(`${name}: the process ends cleanly: ${what}`, async () => {
      const end = await runScript(await pathOf(), script);
      assert.is(end.code, code, end.output);
      if (code === 1) assert.match(end.output, /thrown by a listener/);
    });
  }

  test(`${name}: a worker that is terminated takes its viewers along`, async () => {
    const path = await pathOf();
    const { kvs } = createRequire(import.meta.url)(path) as { kvs: KvsAddon };
    const events = ['answer', 'candidate', 'at once'];
    for (const event of Array.from({ length: 10 }, () => events).flat()) {
      const worker = new Worker(
        `const { parentPort } = require('node:worker_threads');
         const { kvs } = require(${JSON.stringify(path)});
         kvs.logTo(() => {});
         const id = kvs.createPeer(${JSON.stringify(OPTIONS)}, (e) => {
           if (e.type === ${JSON.stringify(event)}) parentPort.postMessage(id);
         });
         kvs.answer(id, ${JSON.stringify(OFFER)});
         if (${event === 'at once'}) parentPort.postMessage(id);`,
        { eval: true },
      );
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
      assert.equal(kvs.runningPeers(), []);
    }
  });
}

let compiling: Promise<string> | undefined;
const doublePath = () => {
  compiling ??= compileAddon();
  return compiling;
};
suite('double', doublePath);

test('double: a connected viewer talks, reports and gets frames past JavaScript', async () => {
  const addon = createRequire(import.meta.url)(await doublePath()) as NativeAddon & { kvs: KvsAddon };
  const { kvs } = addon;
  const viewer = watch(kvs);
  let unitsInJavaScript = 0;
  let streaming = false;
  let stopped = false;
  const captureId = addon.startCapture(captureOptions({ kind: 'test' }), ({ type }) => {
    if (type === 'unit') unitsInJavaScript += 1;
    streaming ||= type === 'streaming';
    stopped ||= type === 'stopped';
  });
  addon.keepUnits(captureId, false);
  kvs.answer(viewer.id, OFFER);
  await until('connected', () =>
    viewer.events.some((event) => event.type === 'state' && event.state === 'connected'),
  );
  await until('its texts', () => viewer.events.filter(({ type }) => type === 'data').length === 3);
  assert.ok(kvs.attach(viewer.id, captureId));
  addon.requestKeyFrame(captureId);
  await until('frames', () => (kvs.stats(viewer.id)?.framesSent ?? 0) > 10);
  assert.ok(streaming);
  assert.is(unitsInJavaScript, 0);
  assert.is(kvs.channel(viewer.id), 1);
  assert.ok(kvs.sendText(viewer.id, 'hello'));
  await until('a wish for a key frame and a report', () => viewer.has('keyFrame') && viewer.has('report'));
  assert.equal(
    viewer.events.filter(({ type }) => type === 'data'),
    [0, 1, 2].map((n) => ({ type: 'data', text: `text ${n}` })),
  );
  const report = viewer.events.find(({ type }) => type === 'report');
  assert.ok(
    report?.type === 'report' && Math.abs((report.lossRatio ?? 0) - 0.1) < 0.01,
    JSON.stringify(report),
  );
  assert.ok(kvs.attach(viewer.id, 0));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const sent = kvs.stats(viewer.id)?.framesSent;
  assert.ok(kvs.sendFrame(viewer.id, Buffer.alloc(100), true, 1));
  await until('the frame from JavaScript', () => kvs.stats(viewer.id)?.framesSent === (sent ?? 0) + 1);
  addon.keepUnits(captureId, true);
  await until('units in JavaScript', () => unitsInJavaScript > 2);
  assert.not(kvs.attach(viewer.id, captureId + 1000));
  await viewer.close();
  addon.stopCapture(captureId);
  await until('the capture to stop', () => stopped);
});

if (skipWithoutKvs('addon with the KVS SDK')) test.skip('the addon with the SDK', () => {});
else suite('SDK', () => addonPath);

test.run();
