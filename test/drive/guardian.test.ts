import { chmodSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstValueFrom, skip } from 'rxjs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SilenceStep } from '../../firmware/drive/drivetrain.ts';
import { type Guardian, type GuardianReport, startGuardian } from '../../firmware/drive/guardian.ts';
import { guardiansOf, lives, Motors, PROGRAM, until, wait } from '../native/guardian-rig.ts';

const test = suite('a guardian that is kept running');

interface Bench {
  readonly motors: Motors;
  start(options?: { path?: string; program?: string; nowMs?: () => number }): Promise<Guardian>;
  /** What it has reported, with the time of each. */
  readonly reports: (GuardianReport & { atMs: number })[];
  reported(type: GuardianReport['type'], from?: number): Promise<GuardianReport>;
  /** Beats every 10 ms, as control ticks do. */
  beat(guardian: Guardian): void;
  pid(): number;
}

function check(name: string, body: (bench: Bench) => Promise<void>): void {
  test(name, async () => {
    const motors = new Motors();
    motors.file('duty');
    const reports: (GuardianReport & { atMs: number })[] = [];
    let beats: NodeJS.Timeout | undefined;
    let running: Guardian | null = null;
    const step = (path: string): SilenceStep => ({ kind: 'file-write', path, text: '0\n' });
    try {
      await body({
        motors,
        reports,
        async start({
          path = join(motors.folder, 'duty'),
          program = PROGRAM,
          nowMs = () => performance.now(),
        } = {}) {
          running = await startGuardian({ program, silence: [step(path)], timeoutMs: 250, nowMs });
          running.reports$
            .pipe(skip(1))
            .subscribe((report) => reports.push({ ...report, atMs: performance.now() }));
          return running;
        },
        reported: (type, from = 0) =>
          until(`${type} among ${JSON.stringify(reports)}`, () =>
            reports.slice(from).find((report) => report.type === type),
          ),
        beat(guardian) {
          beats = setInterval(() => guardian.beat('moving'), 10);
        },
        pid: () => guardiansOf(process.pid)[0]!,
      });
    } finally {
      clearInterval(beats);
      await (running as Guardian | null)?.close();
      motors.clean();
    }
    assert.equal(guardiansOf(process.pid), [], 'nothing stays behind');
  });
}

function assertHas(report: GuardianReport | undefined, fields: Partial<Record<string, string>>): void {
  for (const [name, value] of Object.entries(fields)) {
    assert.is((report as Readonly<Record<string, unknown>> | undefined)?.[name], value);
  }
}

const rejection = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no rejection',
    (error: Error) => error.message,
  );

check('is ready when it has shown that it can silence', async ({ motors, start, pid }) => {
  const guardian = await start();
  assert.is(motors.read('duty'), '0\n');
  assert.ok(lives(pid()));
  assert.is((await firstValueFrom(guardian.reports$)).type, 'ready', 'also for whoever listens later');
});

check('says at start what is wrong: no program, bad steps, steps that fail', async ({ motors, start }) => {
  assert.match(await rejection(start({ program: '/no/such/guardian' })), /can't be started: spawn .* ENOENT/);
  assert.match(
    await rejection(start({ path: 'relative' })),
    /can't be started: ended with 2; Expected an absolute path of at most 255 plain characters but received "relative"/,
  );
  const failing = join(motors.folder, 'none/duty');
  assert.is(
    await rejection(start({ path: failing })),
    `The guardian can't be started: it has not become ready; 1 ${failing}: can't open: No such file or directory`,
  );
  await until('it is gone', () => guardiansOf(process.pid).length === 0);
});

check(
  'one that is killed is told at once, and another is started',
  async ({ motors, start, reports, reported, pid }) => {
    await start();
    const first = pid();
    motors.file('duty');
    process.kill(first, 'SIGKILL');
    assertHas(await reported('lost'), { type: 'lost', detail: 'ended by SIGKILL' });
    await reported('ready');
    assert.is(motors.read('duty'), '0\n', 'the next one silences as it starts');
    assert.not.equal(pid(), first);
    const [lost, ready] = reports;
    assert.ok(ready!.atMs - lost!.atMs >= 95, 'not at once: it may die again');
  },
);

check('one that does not answer counts as dead', async ({ start, beat, reports, reported, pid }) => {
  const guardian = await start();
  beat(guardian);
  const first = pid();
  process.kill(first, 'SIGSTOP');
  assertHas(await reported('lost'), { detail: 'no answer for 250 ms' });
  await until('it is really gone', () => !lives(first));
  await reported('ready');
  await wait(400);
  assert.equal(
    reports.map(({ type }) => type),
    ['lost', 'silenced', 'ready'],
    'and the next one is well',
  );
});

check('is not blamed when this program stood still', async ({ start, reports, motors }) => {
  let nowMs = 0;
  const guardian = await start({ nowMs: () => nowMs });
  for (let i = 0; i < 4; i++) {
    guardian.beat('still');
    nowMs += 60_000;
  }
  await wait(100);
  assert.equal(reports, []);
  assert.is(motors.read('duty'), '0\n');
});

check('one that keeps dying is started at growing intervals', async ({ motors, start, reports, pid }) => {
  const program = join(motors.folder, 'guardian');
  const broken = join(motors.folder, 'broken');
  writeFileSync(program, `#!/bin/sh\n[ -e ${broken} ] && exit 7\nexec ${PROGRAM} "$@"\n`);
  chmodSync(program, 0o755);
  await start({ program });
  writeFileSync(broken, '');
  process.kill(pid(), 'SIGKILL');
  await until('five deaths', () => reports.length >= 5);
  const gaps = reports.slice(1).map(({ atMs }, i) => atMs - reports[i]!.atMs);
  for (const [i, least] of [100, 200, 400, 800].entries()) assert.ok(gaps[i]! >= least - 5, `${gaps}`);
  assertHas(reports[1], { type: 'lost', detail: 'ended with 7' });
});

check(
  'one that can’t silence says so, tries on, and is ready when it can',
  async ({ motors, start, reported, reports, pid }) => {
    const path = motors.file('a/duty');
    await start({ path });
    renameSync(join(motors.folder, 'a'), join(motors.folder, 'b'));
    process.kill(pid(), 'SIGKILL');
    await reported('failing');
    const second = pid();
    await wait(6_000);
    assert.is(pid(), second, 'it is left to try');
    assert.not.ok(reports.some(({ type }) => type === 'ready'));
    renameSync(join(motors.folder, 'b'), join(motors.folder, 'a'));
    await reported('ready');
    assert.is(motors.read('a/duty'), '0\n');
  },
);

check('tells when it silences, and when it is armed again', async ({ motors, start, reported }) => {
  const guardian = await start();
  guardian.beat('moving');
  motors.file('duty');
  assertHas(await reported('silencing'), { why: 'beat' });
  assertHas(await reported('silenced'), { why: 'beat' });
  assert.is(motors.read('duty'), '0\n');
  guardian.beat('still');
  await reported('rearmed');
});

check(
  'closing lets it silence, waits for its end, and may be repeated',
  async ({ motors, start, reports, pid }) => {
    const guardian = await start();
    const last = pid();
    motors.file('duty');
    let completed = false;
    guardian.reports$.subscribe({ complete: () => (completed = true) });
    await guardian.close();
    await guardian.close();
    assert.not.ok(lives(last));
    assert.not.ok(existsSync(`/proc/${last}`), 'no zombie');
    assert.is(motors.read('duty'), '0\n');
    assertHas(reports.at(-1), { type: 'silenced', why: 'end' });
    assert.ok(completed);
    guardian.beat('moving');
  },
);

test.run();
