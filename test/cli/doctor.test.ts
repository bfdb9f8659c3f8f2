import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { checkNode, checkPort, type Finding } from '../../firmware/cli/doctor-checks.ts';
import { kvsMissing } from '../native/kvs-present.ts';
import { Roverd } from './roverd.ts';

const test = suite('roverd doctor');
const roverd = new Roverd();
test.before(() => roverd.build());
test.after(() => roverd.clean());

async function findings(...args: string[]) {
  const { exitCode, stdout } = await roverd.run(['doctor', '--json', '--set', 'teleop.port=0', ...args]);
  const report = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
  assert.is(exitCode, report.ok ? 0 : 1);
  return { ...report, find: (what: string) => report.findings.find((finding) => finding.what === what) };
}

test('takes a real coded picture, makes a WebRTC peer, and finds all in order for the simulator', async () => {
  const { findings: all, find } = await findings('--simulate');
  // The page is there only after a build.
  const broken = all.filter(({ what, mend }) => mend !== undefined && what !== 'page');
  assert.equal(broken, []);
  assert.match(find('addon, GStreamer and encoder')?.detail ?? '', /^\w+264\w*, first picture after \d+ ms$/);
  assert.match(find('guardian')?.detail ?? '', /^(no )?real-time priority, memory (not )?locked$/);
  const engine = find('WebRTC engine')?.detail ?? '';
  if (kvsMissing() === null) assert.is(engine, 'kvs: the addon was built with the KVS WebRTC C SDK');
  else assert.match(engine, /^datachannel: kvs is absent: .*KVS_WEBRTC_PREFIX/);
  assert.is(find('camera')?.detail, 'the simulator draws the pictures');
});

test('the engine that the configuration names is tried, and its absence is something to mend', async () => {
  const datachannel = await findings('--simulate', '--set', 'video.engine=datachannel');
  assert.is(datachannel.find('WebRTC engine')?.detail, 'datachannel: video.engine names it');
  const kvs = (await findings('--simulate', '--set', 'video.engine=kvs')).find('WebRTC engine');
  if (kvsMissing() === null) assert.is(kvs?.detail, 'kvs: video.engine names it');
  else {
    assert.match(kvs?.detail ?? '', /^The engine kvs is absent: .*KVS_WEBRTC_PREFIX/);
    assert.match(kvs?.mend ?? '', /set video\.engine to auto/);
  }
});

test('prints each finding as a line, with a mend for what is broken', async () => {
  const { exitCode, stdout } = await roverd.run([
    'doctor',
    '--simulate',
    '--set',
    'video.encoder=v4l2h264enc',
    'teleop.port=0',
  ]);
  assert.is(exitCode, 1);
  assert.match(stdout, /^ok {6}Node: \d+\./m);
  assert.match(
    stdout,
    /^BROKEN {2}addon, GStreamer and encoder: .+\n {8}mend: .*gstreamer1\.0-plugins-ugly/m,
  );
  assert.match(stdout, /\n\d to mend\.\n$/);
});

test('a camera that is not there is broken, and says what to do', async () => {
  const { ok, find } = await findings('--set', 'video.source=v4l2', 'video.device=/dev/video99');
  assert.not.ok(ok);
  assert.match(find('camera')?.mend ?? '', 'video.device');
});

test('without a source named, both kinds of camera are looked for', async () => {
  const { find } = await findings('--set', 'video.device=/dev/video99');
  assert.match(find('camera')?.detail ?? '', /^libcamera: .+; v4l2: .*video99/);
});

test('a wrong configuration and a state folder that cannot be made are findings among the others', async () => {
  const file = join(roverd.stateDir, 'file');
  writeFileSync(file, '');
  const wrong = await findings('--simulate', '--set', 'drive.tickMs=1');
  assert.match(wrong.find('configuration')?.detail ?? '', 'drive.tickMs: Expected');
  assert.ok(wrong.find('Node'));
  const dir = await findings('--simulate', '--set', `robot.stateDir=${join(file, 'below')}`);
  assert.match(dir.find('state folder')?.mend ?? '', 'writable');
});

test('tells a free port, a robot and a stranger apart', async () => {
  const config = (port: number) => loadConfig({ overrides: { 'teleop.port': port } }).config;
  const listening = async (server: ReturnType<typeof createServer>) => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as { port: number }).port;
  };
  const robot = createHttpServer((_, response) => response.end('{"status":"ok"}'));
  const stranger = createHttpServer((_, response) => response.end('hello'));
  const [robotPort, strangerPort] = [await listening(robot), await listening(stranger)];

  assert.equal(await checkPort(config(robotPort)), {
    finding: { what: `port ${robotPort}`, detail: 'a robot answers' },
    robotAnswers: true,
  });
  const taken = await checkPort(config(strangerPort));
  assert.not.ok(taken.robotAnswers);
  assert.match(taken.finding.mend ?? '', `sport = :${strangerPort}`);
  robot.close();
  stranger.close();
  assert.is((await checkPort(config(robotPort))).finding.detail, 'free');
  const elsewhere = loadConfig({ overrides: { 'teleop.host': '192.0.2.1', 'teleop.allowPlaintext': true } });
  assert.match((await checkPort(elsewhere.config)).finding.mend ?? '', 'teleop.host');
});

test('knows which Node is too old', () => {
  assert.is(checkNode('20.19.0').mend, undefined);
  assert.is(checkNode('24.0.0').mend, undefined);
  assert.match(checkNode('20.18.9').mend ?? '', 'Node 20.19 or later');
  assert.match(checkNode('18.20.1').mend ?? '', 'Node 20.19 or later');
});

test.run();
