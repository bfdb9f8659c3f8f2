import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, NEVER } from 'rxjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { guardDrivetrain, withGuardian } from '../../firmware/drive/guarded-drivetrain.ts';
import { parseLine } from '../../firmware/drive/guardian-process.ts';
import { keepSilence, silenceFile, silenceText } from '../../firmware/drive/silence.ts';
import { createSimulatedDrivetrain } from '../../firmware/drive/simulated.ts';

const TIMEOUT_MS = 250;

/** A drivetrain whose calls end when the test says so, and what the guardian is told meanwhile, in order. */
function rig() {
  const events: string[] = [];
  const calls: { done: () => void; fail: () => void }[] = [];
  const description = { name: 'rig', capabilities: { brake: false, reverse: true }, silence: [] };
  let nowMs = 0;
  let closing: Promise<void> = Promise.resolve();
  const call = (what: string) => {
    events.push(what);
    return new Promise<void>((resolve, reject) => {
      calls.push({ done: resolve, fail: () => reject(new Error('EIO')) });
    });
  };
  const guarded = withGuardian(
    {
      set: (left, right) => call(`set ${left} ${right}`),
      stop: () => call('stop'),
      close: () => {
        events.push('drivetrain closed');
        return closing;
      },
      describe: () => description,
    },
    {
      reports$: NEVER,
      beat: (beat) => void events.push(beat),
      notify: () => undefined,
      close: async () => void events.push('guardian closed'),
    },
    { nowMs: () => nowMs, timeoutMs: TIMEOUT_MS },
  );
  return {
    guarded,
    events,
    calls,
    description,
    failClose: () => {
      closing = Promise.reject(new Error('EIO'));
    },
    tick(atMs: number) {
      nowMs = atMs;
      const from = events.length;
      guarded.tick(atMs);
      return events.slice(from);
    },
  };
}
const settled = async (call: Promise<void>) => {
  await call.catch(() => undefined);
};

test('the guardian knows of motion before the first write of it', () => {
  const { guarded, events } = rig();
  void guarded.set(0.5, 0.5);
  assert.equal(events, ['moving', 'set 0.5 0.5']);
});

test('beats say moving until a stop has been taken, and still from that moment', async () => {
  const { guarded, events, calls, tick } = rig();
  assert.equal(tick(0), ['moving'], 'nobody knows what the motors did before');
  const set = guarded.set(1, 1);
  calls[0]!.done();
  await set;
  assert.equal(tick(10), ['moving']);
  const stop = guarded.stop();
  assert.equal(tick(20), ['moving'], 'under way');
  calls[1]!.done();
  await stop;
  assert.is(events.at(-1), 'still');
  assert.equal(tick(30), ['still']);
});

test('a stop that is not taken within the window is told as unheeded, until one is', async () => {
  const { guarded, calls, tick } = rig();
  tick(100);
  for (const atMs of [100, 110, 300]) {
    tick(atMs);
    const stop = guarded.stop();
    calls.at(-1)!.fail();
    await settled(stop);
  }
  assert.equal(tick(350), ['moving']);
  assert.equal(tick(351), ['unheeded']);
  assert.equal(tick(5000), ['unheeded']);
  const stop = guarded.stop();
  calls.at(-1)!.done();
  await stop;
  assert.equal(tick(5010), ['still']);
});

test('a stop that hangs is unheeded as well', () => {
  const { guarded, tick } = rig();
  tick(0);
  void guarded.stop();
  assert.equal(tick(250), ['moving']);
  assert.equal(tick(251), ['unheeded']);
});

test('motion that is asked for anew ends the count', async () => {
  const { guarded, calls, tick } = rig();
  tick(0);
  const stop = guarded.stop();
  calls[0]!.fail();
  await settled(stop);
  tick(200);
  void guarded.set(1, 1);
  assert.equal(tick(400), ['moving']);
});

test('a stop that overtook a set proves nothing: the set may have come through last', async () => {
  const { guarded, calls, tick } = rig();
  tick(0);
  void guarded.set(1, 1);
  const stop = guarded.stop();
  calls[1]!.done();
  await stop;
  assert.equal(tick(10), ['moving']);
  assert.equal(tick(251), ['unheeded']);
  calls[0]!.done();
  await Promise.resolve();
  assert.equal(tick(260), ['unheeded']);
  const last = guarded.stop();
  calls[2]!.done();
  await last;
  assert.equal(tick(270), ['still']);
});

test('nor does one that a later set has overtaken', async () => {
  const { guarded, calls, tick } = rig();
  const stop = guarded.stop();
  void guarded.set(1, 1);
  calls[0]!.done();
  await stop;
  assert.equal(tick(10), ['moving']);
});

test('nor does one that a set and another stop have overtaken', async () => {
  const { guarded, calls, tick } = rig();
  const first = guarded.stop();
  const set = guarded.set(1, 1);
  calls[1]!.done();
  await set;
  const second = guarded.stop();
  calls[0]!.done();
  await first;
  assert.equal(tick(10), ['moving']);
  calls[2]!.done();
  await second;
  assert.equal(tick(20), ['still']);
});

test('a set that failed is over: the next stop proves that the motors stand', async () => {
  const { guarded, calls, tick } = rig();
  const set = guarded.set(1, 1);
  calls[0]!.fail();
  await settled(set);
  const stop = guarded.stop();
  calls[1]!.done();
  await stop;
  assert.equal(tick(10), ['still']);
});

test('what moves is not unheeded for as long as nobody asks for a stop', async () => {
  const { guarded, calls, tick } = rig();
  const set = guarded.set(1, 1);
  calls[0]!.done();
  await set;
  assert.equal(tick(5000), ['moving']);
});

test('what stands is not unheeded, though another stop hangs', async () => {
  const { guarded, calls, tick } = rig();
  const stop = guarded.stop();
  calls[0]!.done();
  await stop;
  void guarded.stop();
  assert.equal(tick(5000), ['still']);
});

test('describes what it guards', () => {
  const { guarded, description } = rig();
  assert.is(guarded.describe(), description);
});

test('the guardian is closed after the drivetrain, also when that fails', async () => {
  const { guarded, events } = rig();
  await guarded.close();
  assert.equal(events, ['drivetrain closed', 'guardian closed']);
  const broken = rig();
  broken.failClose();
  assert.is(await broken.guarded.close().catch(String), 'Error: EIO');
  assert.equal(broken.events, ['drivetrain closed', 'guardian closed']);
});

test('a drivetrain with nothing to silence needs no guardian, and leaves no steps of another one behind', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'roverd-silence-'));
  writeFileSync(silenceFile(stateDir), 'of an earlier driver');
  const guarded = await guardDrivetrain(createSimulatedDrivetrain(), {
    stateDir,
    timeoutMs: TIMEOUT_MS,
    nowMs: () => 0,
    program: '/no/such/program',
  });
  assert.is(guarded, null);
  assert.throws(() => statSync(silenceFile(stateDir)), /ENOENT/);
  rmSync(stateDir, { recursive: true });
});

test('where a service manager listens, there is a guardian to speak to it, with motors or without', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'roverd-silence-'));
  const guarded = await guardDrivetrain(createSimulatedDrivetrain(), {
    stateDir,
    timeoutMs: TIMEOUT_MS,
    nowMs: () => performance.now(),
    notifies: true,
  });
  assert.ok(guarded);
  assert.is((await firstValueFrom(guarded.guardian.reports$)).type, 'ready');
  await guarded.close();
  rmSync(stateDir, { recursive: true });
});

test('the steps are kept for their owner alone, in the words the guardian reads', () => {
  const stateDir = join(mkdtempSync(join(tmpdir(), 'roverd-silence-')), 'state');
  const steps = [
    { kind: 'i2c-write', bus: 1, address: 0x60, bytes: [0xfd, 0x10] },
    { kind: 'file-write', path: '/sys/class/pwm/pwmchip0/pwm0/duty_cycle', text: '0\n' },
  ] as const;
  const path = silenceFile(stateDir);
  keepSilence(path, steps);
  assert.is(
    readFileSync(path, 'utf8'),
    'roverd-silence 1\ni2c 1 96 fd10\nfile 300a /sys/class/pwm/pwmchip0/pwm0/duty_cycle\nend\n',
  );
  assert.is(statSync(path).mode & 0o777, 0o600);
  assert.match(silenceText(steps, 300), /^roverd-silence 1\ntimeout 300\ni2c /);
  keepSilence(path, []);
  assert.throws(() => statSync(path), /ENOENT/);
  rmSync(stateDir, { recursive: true });
});

test('what the guardian says is read, and what a later one may say besides is passed over', () => {
  assert.equal(parseLine('ready realtime=yes locked=no'), { type: 'ready', realtime: true, locked: false });
  assert.equal(parseLine('silenced beat 251'), { type: 'silenced', why: 'beat', sinceBeatMs: 251 });
  assert.equal(parseLine("failing 1 /a b: can't open: No"), {
    type: 'failing',
    detail: "1 /a b: can't open: No",
  });
  assert.equal(parseLine('silenced moon 1'), null);
  assert.equal(parseLine('hello'), null);
  assert.equal(parseLine(''), null);
});

test.run();
