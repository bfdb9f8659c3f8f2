import { spawn, spawnSync } from 'node:child_process';
import { chownSync, readFileSync, readSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Guardian, Motors, PROGRAM, planOf, silenceStep, until, wait } from './guardian-rig.ts';

interface Bench {
  readonly motors: Motors;
  start(...steps: string[]): Promise<Guardian>;
  make(env?: Readonly<Record<string, string>>): Guardian;
}

const test = suite<Bench>('guardian');
/** What `check` started is ended whatever becomes of the test. */
const check = (name: string, body: (bench: Bench) => Promise<void>) =>
  test(name, async () => {
    const motors = new Motors();
    const guardians: Guardian[] = [];
    const make = (env = {}) => {
      const guardian = new Guardian(env);
      guardians.push(guardian);
      return guardian;
    };
    try {
      await body({ motors, make, start: (...steps) => make().start(steps) });
    } finally {
      await Promise.all(guardians.map((guardian) => guardian.kill()));
      motors.clean();
    }
  });

check('silences once at the start, to show that it can', async ({ motors, start }) => {
  const guardian = await start(silenceStep(motors.file('duty')), silenceStep(motors.file('b/enable', '1')));
  assert.is(motors.read('duty'), '0\n');
  assert.is(motors.read('b/enable'), '0\n');
  assert.match(guardian.lines.at(-1)!, /^ready realtime=(yes|no) locked=(yes|no)$/);
});

check('end of input silences and ends it, moving or not', async ({ motors, start }) => {
  for (const kind of ['M', 'S'] as const) {
    const guardian = await start(silenceStep(motors.file('duty')));
    guardian.beat(kind);
    await guardian.heard('ack');
    motors.file('duty', '700000\n');
    assert.is(await guardian.end(), 0);
    assert.is(motors.read('duty'), '0\n');
    assert.match(guardian.lines.at(-1)!, /^silenced end \d+$/);
    if (kind === 'S') assert.is(guardian.log, '', 'an orderly end');
    else {
      const { level, part, msg } = JSON.parse(guardian.log);
      assert.equal([level, part], ['warn', 'guardian']);
      assert.match(msg, /^silenced the motors \(end\), \d+ ms after the last beat$/);
    }
  }
});

check('beats keep it quiet, and standing still without them too', async ({ motors, start }) => {
  const guardian = await start(silenceStep(motors.file('duty')));
  guardian.beat('M');
  motors.file('duty', 'driving');
  await wait(600);
  guardian.beat('S');
  await guardian.heard('ack');
  guardian.beat(null);
  await wait(600);
  assert.is(motors.read('duty'), 'driving');
  assert.equal([...new Set(guardian.lines.slice(2))], ['ack']);
});

check('keeps silencing until beats are back, and then is armed again', async ({ motors, start }) => {
  const guardian = await start(silenceStep(motors.file('duty')));
  for (let i = 0; i < 2; i++) {
    const from = guardian.lines.length;
    guardian.beat('M');
    await guardian.heard('ack', from);
    motors.file('duty', 'driving');
    guardian.beat(null);
    assert.match(await guardian.heard('silencing beat', from), /^silencing beat 2[5-9]\d$/);
    await guardian.heard('silenced beat', from);
    for (let late = 0; late < 3; late++) {
      motors.file('duty', 'a write that was still on its way');
      await until('silenced again', () => motors.read('duty') === '0\n');
    }
    assert.is(guardian.lines.slice(from).filter((line) => line.startsWith('silenced')).length, 1);
    guardian.beat('S');
    await guardian.heard('rearmed', from);
    motors.file('duty', 'driving');
    await wait(200);
    assert.is(motors.read('duty'), 'driving', 'left to the runtime again');
  }
});

check('silences while beats come, when the motors do not heed a stop', async ({ motors, start }) => {
  const guardian = await start(silenceStep(motors.file('duty')));
  guardian.beat('U');
  await guardian.heard('silencing unheeded');
  await guardian.heard('silenced unheeded');
  motors.file('duty', 'driving');
  await until('silenced again', () => motors.read('duty') === '0\n');
  guardian.beat('S');
  await guardian.heard('rearmed');
});

check('no signal but SIGKILL ends it before its input ends', async ({ motors, start }) => {
  const guardian = await start(silenceStep(motors.file('duty')));
  for (const signal of [
    'SIGINT',
    'SIGTERM',
    'SIGHUP',
    'SIGQUIT',
    'SIGPIPE',
    'SIGUSR1',
    'SIGTSTP',
    'SIGTTOU',
  ] as const) {
    process.kill(guardian.pid, signal);
  }
  guardian.beat('M');
  await guardian.heard('ack');
  motors.file('duty', 'driving');
  assert.is(await guardian.end(), 0);
  assert.is(motors.read('duty'), '0\n');
});

check('has a session of its own, and keeps no file of the runtime’s', async ({ motors, start }) => {
  const guardian = await start(silenceStep(motors.file('duty')));
  // proc(5): pid (comm) state ppid pgrp session
  const [, session] = /\) \S \d+ \d+ (\d+)/.exec(readFileSync(`/proc/${guardian.pid}/stat`, 'utf8')) ?? [];
  assert.is(Number(session), guardian.pid);
  // The rig gives it a pipe as descriptor 3, as a runtime would a camera.
  const inherited = guardian.child.stdio[3] as Readable;
  inherited.resume();
  await until('the inherited pipe is closed', () => inherited.readableEnded);
});

check('a step that fails is told, tried on, and keeps no other', async ({ motors, make }) => {
  const guardian = make();
  symlinkSync('/dev/full', join(motors.folder, 'full'));
  const steps = [join(motors.folder, 'full'), motors.file('after'), join(motors.folder, 'none/duty')];
  guardian.send(planOf(steps.map((path) => silenceStep(path))));
  assert.is(await guardian.heard('failing 1'), `failing 1 ${steps[0]}: can't write: No space left on device`);
  assert.is(
    await guardian.heard('failing 3'),
    `failing 3 ${steps[2]}: can't open: No such file or directory`,
  );
  assert.is(motors.read('after'), '0\n');
  await wait(300);
  assert.is(guardian.lines.length, 2, 'told once each, and not ready');
  const files = guardian.files().length;

  motors.file('none/duty');
  motors.file('better');
  rmSync(join(motors.folder, 'full'));
  symlinkSync(join(motors.folder, 'better'), join(motors.folder, 'full'));
  await guardian.heard('ready');
  assert.is(motors.read('better'), '0\n', 'a path that leads elsewhere by now is opened again');
  assert.is(motors.read('none/duty'), '0\n');
  assert.is(guardian.files().length, files + 1, 'no file is left open by trying');
});

check('after the end of input it tries on, and ends when done', async ({ motors, make }) => {
  const guardian = make();
  const path = join(motors.folder, 'later/duty');
  guardian.send(planOf([silenceStep(path)]));
  await guardian.heard('failing 1');
  guardian.child.stdin?.end();
  await wait(200);
  motors.file('later/duty');
  assert.is(await guardian.exited, 0);
  assert.is(motors.read('later/duty'), '0\n');
});

check('a write that hangs keeps neither the others nor the guardian', async ({ motors, make }) => {
  const stuck = motors.fifo('stuck/duty');
  const guardian = await make().start([silenceStep(stuck.path), silenceStep(motors.file('free/duty'))]);
  stuck.fill();
  guardian.beat('M');
  await guardian.heard('ack');
  motors.file('free/duty', 'driving');
  guardian.beat(null);
  assert.is(await guardian.heard('failing 1'), `failing 1 ${stuck.path}: a write does not come back`);
  assert.is(motors.read('free/duty'), '0\n');
  motors.file('free/duty', 'driving');
  await until('silenced again', () => motors.read('free/duty') === '0\n');
  const from = guardian.lines.length;
  guardian.beat('S');
  await guardian.heard('ack', from);
  await wait(100);
  assert.not.ok(guardian.lines.includes('rearmed'), 'its write may still reach the motor');
  const drained = Buffer.alloc(65_536);
  const drain = setInterval(() => {
    try {
      readSync(stuck.fd, drained);
    } catch {
      // EAGAIN: it is empty.
    }
  }, 5);
  await guardian.heard('rearmed', from);
  clearInterval(drain);
  stuck.close();
});

const REFUSED: Readonly<Record<string, [plan: string, why: string]>> = {
  'no header': [
    'file 30 FILE\nend\n',
    'Expected the line roverd-silence 1 first but received "file 30 FILE"',
  ],
  'another version': [
    'roverd-silence 2\n',
    'Expected the line roverd-silence 1 first but received "roverd-silence 2"',
  ],
  'an unknown step': ['roverd-silence 1\ngpio 4\n', 'Expected timeout, i2c, file or end but received "gpio"'],
  'a bus out of range': [
    'roverd-silence 1\ni2c 256 96 fd10\n',
    'Expected an I2C bus, 0 to 255 but received "256"',
  ],
  'no address': ['roverd-silence 1\ni2c 1\n', 'Expected an I2C address, 0 to 127 but received ""'],
  'an address in hex': [
    'roverd-silence 1\ni2c 1 0x60 fd10\n',
    'Expected an I2C address, 0 to 127 but received "0x60"',
  ],
  'a negative address': [
    'roverd-silence 1\ni2c 1 -1 fd10\n',
    'Expected an I2C address, 0 to 127 but received "-1"',
  ],
  'half a byte': ['roverd-silence 1\ni2c 1 96 fd1\n', 'Expected 1 to 64 bytes in hex but received "fd1"'],
  'no bytes': ['roverd-silence 1\nfile  FILE\n', 'Expected 1 to 64 bytes in hex but received ""'],
  'bytes that are none': [
    'roverd-silence 1\nfile zz FILE\n',
    'Expected 1 to 64 bytes in hex but received "zz"',
  ],
  'too many bytes': [
    `roverd-silence 1\nfile ${'00'.repeat(65)} FILE\n`,
    `Expected 1 to 64 bytes in hex but received "${'0'.repeat(60)}"`,
  ],
  'no path': [
    'roverd-silence 1\nfile 30\n',
    'Expected an absolute path of at most 255 plain characters but received ""',
  ],
  'a relative path': [
    'roverd-silence 1\nfile 30 duty\n',
    'Expected an absolute path of at most 255 plain characters but received "duty"',
  ],
  'a path too long': [
    `roverd-silence 1\nfile 30 /${'a'.repeat(255)}\n`,
    `Expected an absolute path of at most 255 plain characters but received "/${'a'.repeat(59)}"`,
  ],
  'a path that breaks a log line': [
    'roverd-silence 1\nfile 30 /a"b\n',
    'Expected an absolute path of at most 255 plain characters but received "/a"b"',
  ],
  'a window out of range': [
    'roverd-silence 1\ntimeout 49\n',
    'Expected timeout to be 50 to 10000 ms but received "49"',
  ],
  'too many steps': [
    `roverd-silence 1\n${'file 30 FILE\n'.repeat(33)}`,
    'Expected at most 32 steps but received "file"',
  ],
  'a line too long': [
    `roverd-silence 1\nfile 30 /${'a'.repeat(600)}\n`,
    'Expected lines of at most 511 bytes',
  ],
  'an end before the end': [
    'roverd-silence 1\nfile 30 FILE\n',
    'Expected the line end before the end of the input',
  ],
};
for (const [what, [plan, why]] of Object.entries(REFUSED)) {
  check(`refuses ${what}, and writes nothing`, async ({ motors, make }) => {
    const path = motors.file('duty', 'untouched');
    const guardian = make();
    guardian.send(plan.replaceAll('FILE', path));
    guardian.child.stdin?.end();
    assert.is(await guardian.exited, 2);
    assert.equal(guardian.lines, [
      `refused ${why.replaceAll('FILE', path).replace(/(?<=received ")(.{60}).+(?="$)/, '$1')}`,
    ]);
    assert.is(motors.read('duty'), 'untouched');
  });
}

check('refuses more buses and folders than it has threads for', async ({ make }) => {
  const guardian = make();
  guardian.send(planOf(Array.from({ length: 17 }, (_, bus) => `i2c ${bus} 96 00`)));
  assert.is(await guardian.exited, 2);
  assert.equal(guardian.lines, ['refused Expected at most 16 buses and folders']);
});

check('later refuses what is no message, and goes on', async ({ motors, start }) => {
  const guardian = await start(silenceStep(motors.file('duty')));
  guardian.send(`hello\n${'x'.repeat(2000)}\n\n`);
  await guardian.heard('refused Expected M, S, U or notify TEXT but received "hello"');
  await guardian.heard('refused Expected lines of at most 511 bytes');
  guardian.send('M');
  await guardian.heard('ack');
});

check('takes 2 MB of memory at most, with the largest plan too', async ({ motors, start }) => {
  const small = await start(silenceStep(motors.file('duty')), silenceStep(motors.file('b/duty')));
  const large = await start(
    ...Array.from({ length: 32 }, (_, i) => silenceStep(motors.file(`${i % 16}/${i}`))),
  );
  for (const guardian of [small, large]) {
    guardian.beat('M');
    await guardian.heard('ack');
    guardian.beat(null);
    await guardian.heard('silenced beat');
    assert.ok(guardian.status('VmHWM') <= 2048, `${guardian.status('VmHWM')} kB at most`);
    assert.ok(guardian.status('VmRSS') > 100, 'it was measured');
  }
});

/** Speaks as systemd hears: Node has no datagram sockets of the file system. */
async function serviceManager(address: string) {
  const script =
    'import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\n' +
    's.bind(sys.argv[1].replace("@","\\0",1) if sys.argv[1][0]=="@" else sys.argv[1])\n' +
    'print("bound",flush=True)\nwhile True: print(s.recv(4096).decode(),flush=True)';
  const child = spawn('python3', ['-c', script, address], { stdio: ['ignore', 'pipe', 'inherit'] });
  let heard = '';
  child.stdout.on('data', (chunk) => (heard += chunk));
  await until('the socket is bound', () => heard.startsWith('bound\n'));
  return { heard: () => heard.split('\n').slice(1, -1), close: () => child.kill('SIGKILL') };
}

for (const kind of ['a path', 'an abstract name']) {
  check(
    `speaks to the service manager by ${kind}, and feeds its watchdog from beats alone`,
    async ({ motors, make }) => {
      const address = kind === 'a path' ? join(motors.folder, 'notify') : `@roverd-test-${process.pid}`;
      const manager = await serviceManager(address);
      try {
        const guardian = make({ NOTIFY_SOCKET: address, WATCHDOG_USEC: '400000' });
        await guardian.start([silenceStep(motors.file('duty'))]);
        guardian.send('notify READY=1\nnotify STATUS=Nobody drives.\n');
        await until('both came', () => manager.heard().length === 2);
        assert.equal(manager.heard(), ['READY=1', 'STATUS=Nobody drives.']);
        await wait(300);
        assert.is(manager.heard().length, 2, 'no sign of life without beats');
        guardian.beat('S');
        const startMs = performance.now();
        await until('signs of life', () => manager.heard().length >= 6);
        const tookMs = performance.now() - startMs;
        assert.ok(tookMs >= 290, `four signs of life, 100 ms apart, in ${tookMs} ms`);
        assert.equal([...new Set(manager.heard().slice(2))], ['WATCHDOG=1']);
      } finally {
        manager.close();
      }
    },
  );
}

const silence = (path: string) => spawnSync(PROGRAM, ['--silence', path], { encoding: 'utf8' });

check('--silence writes every step of a file and says so', async ({ motors }) => {
  const steps = [motors.file('a/duty'), motors.file('a/enable', '1'), motors.file('b/duty')];
  const file = motors.file('silence', `# kept by a robot\n${planOf(steps.map((path) => silenceStep(path)))}`);
  const { status, stdout, stderr } = silence(file);
  assert.is(status, 0);
  assert.is(stdout, steps.map((path) => `${path}: silenced\n`).join(''));
  assert.is(stderr, '');
  assert.equal(
    steps.map((path) => readFileSync(path, 'utf8')),
    ['0\n', '0\n', '0\n'],
  );
});

check('--silence tries every step, and fails with a line for each that failed', async ({ motors }) => {
  const steps = [join(motors.folder, 'none/duty'), '/dev/full', motors.file('duty')];
  const file = motors.file('silence', planOf([...steps.map((path) => silenceStep(path)), 'i2c 254 96 fd10']));
  const { status, stdout } = silence(file);
  assert.is(status, 1);
  assert.equal(stdout.trim().split('\n'), [
    `${steps[0]}: FAILED: can't open: No such file or directory`,
    `${steps[1]}: FAILED: can't write: No space left on device`,
    `${steps[2]}: silenced`,
    "I2C bus 254, address 0x60: FAILED: can't open: No such file or directory",
  ]);
});

check('--silence gives a write up that hangs', async ({ motors }) => {
  const stuck = motors.fifo('stuck/duty');
  stuck.fill();
  const { status, stdout } = silence(
    motors.file('silence', planOf([stuck.path, motors.file('duty')].map((path) => silenceStep(path)))),
  );
  assert.is(status, 1);
  assert.is(
    stdout,
    `${stuck.path}: FAILED: a write does not come back\n${join(motors.folder, 'duty')}: silenced\n`,
  );
  stuck.close();
});

check(
  '--silence refuses a file that is cut off, missing, too large or no file, and writes nothing',
  async ({ motors }) => {
    const duty = motors.file('duty', 'untouched');
    const cases: [path: string, why: RegExp][] = [
      [motors.file('cut', `roverd-silence 1\n${silenceStep(duty)}\n`), /cut off/],
      [motors.file('half', `roverd-silence 1\n${silenceStep(duty)}\nend`), /cut off/],
      [motors.file('large', '#\n'.repeat(20_000)), /at most 32 KiB/],
      [
        motors.file('bad', `roverd-silence 1\n${silenceStep(duty)}\nhalt\nend\n`),
        /Expected timeout, i2c, file or end/,
      ],
      [join(motors.folder, 'none'), /No such file/],
      [motors.folder, /Expected a file of steps|Is a directory/],
    ];
    for (const [path, why] of cases) {
      const { status, stderr } = silence(path);
      assert.is(status, 2, path);
      assert.match(stderr, why);
    }
    assert.is(motors.read('duty'), 'untouched');
  },
);

const rootOnly = process.getuid?.() === 0 ? check : () => console.log('SKIP rights of the owner: needs root');
rootOnly('--silence by root has no more rights than the owner of the file', async ({ motors }) => {
  const nobody = 65_534;
  spawnSync('chmod', ['755', motors.folder]);
  const theirs = motors.file('theirs/duty');
  const ours = motors.file('ours/duty', 'untouched');
  const file = motors.file('silence', planOf([theirs, ours].map((path) => silenceStep(path))));
  chownSync(theirs, nobody, nobody);
  chownSync(file, nobody, nobody);
  const { status, stdout } = silence(file);
  assert.is(status, 1);
  assert.is(stdout, `${theirs}: silenced\n${ours}: FAILED: can't open: Permission denied\n`);
  assert.is(motors.read('ours/duty'), 'untouched');
});

test('--help and wrong usage', () => {
  const run = (...args: string[]) => spawnSync(PROGRAM, args, { encoding: 'utf8' });
  assert.match(run('--help').stdout, /^usage: roverd_guardian[\s\S]*--silence FILE/);
  assert.is(run('--help').status, 0);
  assert.match(run('--check').stdout, /^realtime=(yes|no) locked=(yes|no)\n$/);
  for (const args of [['--silence'], ['--silent', 'x'], ['x'], ['--silence', 'x', 'y']]) {
    const { status, stderr } = run(...args);
    assert.is(status, 2);
    assert.match(stderr, /^usage: /);
  }
});

test.run();
