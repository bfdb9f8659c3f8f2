import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Chips, createChips } from '../chips/chips.ts';
import { guardiansOf, lives, Motors, until, wait } from '../native/guardian-rig.ts';
import { isRuntime, Runtime, runRuntime } from './guarded-runtime.ts';

/** Channels by which M1 and M2 of a Motor HAT turn. */
const CHANNELS = [8, 9, 10, 11, 12, 13];
/** The register at which the driver begins to write them. */
const OUTPUTS = 0x26;
const TIMEOUT_MS = 250;
/** What a busy machine may add between a fault and the chip's being off. */
const MARGIN_MS = 150;

interface Bench {
  readonly chips: Chips;
  readonly runtime: Runtime;
  readonly guardian: number;
  /** Holds the control until the motors turn. */
  drive(): Promise<void>;
  turns(): boolean;
  /** Milliseconds from then until the outputs went off for good; fails when they have not. */
  offAfterMs(sinceNs: bigint): number;
}

const test = suite('a runtime, its guardian and a chip');

function check(name: string, body: (bench: Bench) => Promise<void>): void {
  test(name, async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'roverd-guarded-'));
    const chips = createChips({ pca9685: [0x60] });
    const chip = chips.pca9685();
    const runtime = new Runtime(stateDir, 'i2c', chips.env);
    const turns = () => chip.isOn(8) && chip.isOn(13);
    try {
      await until(`the runtime is up: ${runtime.errors}`, () => runtime.situation);
      const [guardian = 0] = guardiansOf(runtime.pid);
      await body({
        chips,
        runtime,
        guardian,
        turns,
        async drive() {
          runtime.say('hold');
          await until('the motors turn', turns);
        },
        offAfterMs(sinceNs) {
          const offNs = chip.outputs.offSince(sinceNs, CHANNELS);
          assert.ok(offNs !== null, 'the motors turn');
          return Number(offNs - sinceNs) / 1e6;
        },
      });
    } finally {
      chips.clearFaults();
      await runtime.end();
      await until(
        'the guardian is gone',
        () => guardiansOf(runtime.pid).length === 0 && guardiansOf(1).length === 0,
      );
      chips.close();
      rmSync(stateDir, { recursive: true });
    }
  });
}

const now = () => process.hrtime.bigint();

check('killed: the motors are silenced at once', async ({ runtime, guardian, drive, turns, offAfterMs }) => {
  await drive();
  const atNs = now();
  runtime.signal('SIGKILL');
  await until('off', () => !turns());
  const tookMs = offAfterMs(atNs);
  assert.ok(tookMs < MARGIN_MS, `off after ${tookMs} ms`);
  await until('the guardian ends', () => !lives(guardian));
});

check(
  'frozen: within the window, and it does not move on by itself',
  async ({ runtime, drive, turns, offAfterMs }) => {
    await drive();
    const atNs = now();
    runtime.signal('SIGSTOP');
    await until('off', () => !turns());
    const tookMs = offAfterMs(atNs);
    assert.ok(tookMs > TIMEOUT_MS - 30 && tookMs < TIMEOUT_MS + MARGIN_MS, `off after ${tookMs} ms`);
    await wait(300);
    runtime.signal('SIGCONT');
    await until('it says so', () => runtime.has('release_first'));
    await wait(400);
    assert.not.ok(turns(), 'although the control is held all the time');
    assert.is(runtime.count('guardianStops'), 1);
    assert.is(runtime.count('stallStops'), 1);
    offAfterMs(atNs + BigInt(Math.round(tookMs * 1e6)));
    runtime.say('let go');
    await until('let go', () => !runtime.has('release_first'));
    await drive();
  },
);

check('an event loop that is blocked', async ({ runtime, drive, turns, offAfterMs }) => {
  await drive();
  const atNs = now();
  runtime.say('block 1000');
  await until('off', () => !turns());
  const tookMs = offAfterMs(atNs);
  assert.ok(tookMs < TIMEOUT_MS + MARGIN_MS, `off after ${tookMs} ms`);
  await until('it says so', () => runtime.has('release_first'));
  await wait(300);
  offAfterMs(atNs + BigInt(Math.round(tookMs * 1e6)));
});

check(
  'frozen inside a write: what comes through late is silenced again',
  async ({ chips, runtime, drive, turns, offAfterMs }) => {
    await drive();
    runtime.say('let go');
    await until('it stands', () => !turns());
    const slow = chips.inject({ slowMs: 600, times: 1, pid: runtime.pid, register: OUTPUTS });
    chips.clearLog();
    runtime.say('hold');
    await until('the write is under way', () => chips.inFlight() > 0 && slow.hits() > 0);
    runtime.signal('SIGSTOP');
    const late = await until('the write has come through', () =>
      chips.log().find(({ pid, written }) => pid === runtime.pid && written[0] === OUTPUTS),
    );
    assert.ok(late.outputs !== 0, 'the motors turned');
    await until('off', () => !turns());
    const tookMs = offAfterMs(late.endNs);
    assert.ok(tookMs < 50 + MARGIN_MS, `off after ${tookMs} ms`);
  },
);

check(
  'a bus that fails for the runtime alone: the guardian stops it by its own way',
  async ({ chips, runtime, guardian, drive, turns, offAfterMs }) => {
    await drive();
    const fault = chips.inject({ error: 'EIO', pid: runtime.pid });
    runtime.say('let go');
    const atNs = now();
    await until('off', () => !turns());
    const tookMs = offAfterMs(atNs);
    assert.ok(tookMs < TIMEOUT_MS + MARGIN_MS, `off after ${tookMs} ms`);
    assert.is(chips.log().findLast(({ error }) => error === null)?.pid, guardian);
    await until('it says so', () => runtime.has('guardian_silenced') && runtime.has('drivetrain_failed'));
    fault.clear();
    await until(
      'all is well again',
      () => !runtime.has('guardian_silenced') && !runtime.has('drivetrain_failed'),
    );
    await drive();
  },
);

check(
  'a bus that hangs for the runtime alone',
  async ({ chips, runtime, guardian, drive, turns, offAfterMs }) => {
    await drive();
    const fault = chips.inject({ hang: 'call', pid: runtime.pid });
    runtime.say('let go');
    const atNs = now();
    await until('off', () => !turns());
    const tookMs = offAfterMs(atNs);
    assert.ok(tookMs < TIMEOUT_MS + MARGIN_MS, `off after ${tookMs} ms`);
    assert.is(chips.log().at(-1)?.pid, guardian);
    fault.clear();
    await until('all is well again', () =>
      runtime.situation?.reasons.every(({ severity }) => severity === 'info'),
    );
  },
);

check('a bus that fails for everyone, for a while', async ({ chips, runtime, drive, turns, offAfterMs }) => {
  await drive();
  const fault = chips.inject({ error: 'EREMOTEIO' });
  runtime.signal('SIGKILL');
  await wait(500);
  assert.ok(turns());
  const atNs = now();
  fault.clear();
  await until('off', () => !turns());
  const tookMs = offAfterMs(atNs);
  assert.ok(tookMs < MARGIN_MS, `off ${tookMs} ms after it works again`);
});

for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
  check(
    `a guardian that gets ${signal}: the runtime stops, and moves again with another one`,
    async ({ runtime, guardian, drive, turns, offAfterMs }) => {
      await drive();
      const atNs = now();
      process.kill(guardian, signal);
      await until('off', () => !turns());
      const tookMs = offAfterMs(atNs);
      assert.ok(tookMs < (signal === 'SIGKILL' ? 0 : TIMEOUT_MS) + MARGIN_MS, `off after ${tookMs} ms`);
      await until('it says so', () => runtime.has('guardian_lost'));
      await until('another one runs', () => {
        const [next = guardian] = guardiansOf(runtime.pid);
        return next !== guardian && !runtime.has('guardian_lost');
      });
      assert.not.ok(lives(guardian));
      await wait(200);
      assert.not.ok(turns(), 'the control is still held');
      runtime.say('let go');
      await until('let go', () => !runtime.has('release_first'));
      await drive();
    },
  );
}

check(
  'an orderly end leaves the motors off and no process',
  async ({ chips, runtime, guardian, drive, turns }) => {
    await drive();
    runtime.say('close');
    assert.is(await runtime.exited, 0, runtime.errors);
    assert.not.ok(turns());
    assert.not.ok(lives(guardian), 'it waited for the guardian');
    const last = chips.log().at(-1);
    assert.is(last?.pid, guardian, 'which silences once more');
    assert.equal([...(last?.written ?? [])], [0xfd, 0x10]);
  },
);

test('the same over files', async () => {
  const motors = new Motors();
  const runtime = new Runtime(join(motors.folder, 'state'), motors.file('duty'));
  try {
    await until('the runtime is up', () => runtime.situation);
    const [guardian = 0] = guardiansOf(runtime.pid);
    runtime.say('hold');
    await until('the motors turn', () => motors.read('duty') === '1\n');
    runtime.signal('SIGKILL');
    await until('the guardian ends', () => !lives(guardian));
    assert.is(motors.read('duty'), '0\n');
  } finally {
    await runtime.end();
    motors.clean();
  }
});

if (isRuntime()) await runRuntime();
else test.run();
