import { EventEmitter } from 'node:events';
import { VirtualTimeScheduler } from 'rxjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type JohnnyFiveOptions, openJohnnyFive } from '../../firmware/drive/johnny-five.ts';
import { boardSilence } from '../../firmware/drive/johnny-five-silence.ts';
import { BoardIo } from './board-io.ts';
import { drivetrainContract } from './contract.ts';

const OPTIONS: JohnnyFiveOptions = {
  io: 'test-io',
  ioOptions: {},
  port: '',
  left: { pins: { pwm: 3, dir: 12 } },
  right: { pins: { pwm: 5, dir: 8 } },
  whenStopped: 'coast',
  invertLeft: false,
  invertRight: false,
};
const SHIELD = { left: { shield: 'ADAFRUIT_V2.M1' }, right: { shield: 'ADAFRUIT_V2.M2' } } as const;
const logger = { info() {}, warn() {} } as never;

async function openBoard(options: Partial<JohnnyFiveOptions> = {}) {
  const io = new BoardIo();
  setImmediate(() => io.becomeReady());
  const drivetrain = await openJohnnyFive({ ...OPTIONS, ...options }, { logger, loadPlugin: async () => io });
  return { io, drivetrain };
}

/** A motor with a speed and a direction pin. */
const ratioOf = (io: BoardIo, pwm: number, dir: number) =>
  ((io.levels.get(pwm) ?? Number.NaN) / 255) * (io.levels.get(dir) === 1 ? 1 : -1) || 0;

drivetrainContract(
  'johnny-five with pins',
  async () => {
    const { io, drivetrain } = await openBoard();
    return {
      drivetrain,
      motors: () => ({ left: ratioOf(io, 3, 12), right: ratioOf(io, 5, 8) }),
      breakOutputs: () => {
        io.failure = new Error('the board is gone');
      },
      repair: () => {
        io.failure = null;
      },
    };
  },
  { resolutionRatio: 0.5 / 255 },
);

test('going on in the same direction writes the speed alone', async () => {
  const { io, drivetrain } = await openBoard();
  await drivetrain.set(0.4, 0.4);
  io.log.length = 0;
  await drivetrain.set(0.6, 0.6);
  assert.equal(io.log, ['3=153', '5=153']);
});

test('slow is not standing', async () => {
  const { io, drivetrain } = await openBoard();
  await drivetrain.set(0.05, 0.05);
  assert.is(io.levels.get(3), 13);
});

test('a motor without a brake runs out, and the drivetrain says so', async () => {
  const { io, drivetrain } = await openBoard({ whenStopped: 'brake' });
  assert.not(drivetrain.describe().capabilities.brake);
  await drivetrain.set(1, 1);
  await drivetrain.stop();
  assert.is(io.levels.get(3), 0);
});

test('what the board reports between calls fails the next, once', async () => {
  const { io, drivetrain } = await openBoard();
  io.emit('error', new Error('I2C write failed'));
  assert.match(await messageOf(drivetrain.set(0.5, 0.5)), /The board failed: I2C write failed/);
  await drivetrain.set(0.5, 0.5);
});

test('a board whose connection is closed fails every call', async () => {
  const { io, drivetrain } = await openBoard();
  io.emit('close');
  for (let i = 0; i < 2; i += 1) assert.match(await messageOf(drivetrain.stop()), /connection is closed/);
});

test('close gives the board back', async () => {
  const { io, drivetrain } = await openBoard();
  await drivetrain.close();
  assert.ok(io.closed);
});

test('leaves signals and output of the process alone', async () => {
  const listeners = process.listenerCount('SIGINT');
  await openBoard();
  assert.is(process.listenerCount('SIGINT'), listeners);
});

for (const [what, left, expected] of [
  ['no pins', {}, /johnny-five refuses johnnyFive\.left/],
  ['one way only', { pin: 3 }, /Expected johnnyFive\.left to be a motor that turns both ways/],
  ['an unknown shield', { shield: 'ADAFRUIT_V2.M5' }, /Expected shield to be one of .*ADAFRUIT_V2\.M4/],
  ['a name every object has', { shield: 'constructor.name' }, /Expected shield to be one of/],
] as const) {
  test(`a motor with ${what} is refused at start`, async () => {
    const io = new BoardIo();
    io.isReady = true;
    const opening = openJohnnyFive({ ...OPTIONS, left }, { logger, loadPlugin: async () => io });
    const error = await opening.catch((caught: Error) => caught);
    assert.match((error as Error).message, expected);
    assert.is(
      (error as Error).cause instanceof Error,
      !('pin' in left),
      'what johnny-five or the shield says',
    );
    assert.ok(io.closed);
  });
}

test('a board that does not become ready is an error, and so is one that fails', async () => {
  const scheduler = new VirtualTimeScheduler();
  const silent = new BoardIo();
  const waiting = messageOf(openJohnnyFive(OPTIONS, { logger, loadPlugin: async () => silent, scheduler }));
  // Loading johnny-five takes real time.
  const untilMs = performance.now() + 5000;
  while (scheduler.actions.length === 0) {
    assert.ok(performance.now() < untilMs, 'it does not wait for the board');
    await new Promise((resolve) => setImmediate(resolve));
  }
  scheduler.flush();
  assert.is(await waiting, 'the board of test-io is not ready after 15 s');
  const failing = new BoardIo();
  const failed = messageOf(openJohnnyFive(OPTIONS, { logger, loadPlugin: async () => failing }));
  setImmediate(() => failing.emit('error', new Error('wrong firmware')));
  assert.is(await failed, 'the board of test-io does not start: wrong firmware');
});

test('says what it is and can: it holds where both motors do', async () => {
  const { drivetrain } = await openBoard();
  assert.equal(drivetrain.describe(), {
    name: 'johnny-five',
    capabilities: { brake: false, reverse: true },
    silence: [],
  });
  const braking = { pins: { pwm: 3, dir: 12, brake: 9 } };
  const own = { pins: { pwm: 5, dir: 8, brake: 10 } };
  for (const [left, right, brake] of [
    [braking, own, true],
    [braking, OPTIONS.right, false],
    [OPTIONS.left, own, false],
  ] as const) {
    const opened = await openBoard({ left, right, whenStopped: 'brake' });
    assert.is(opened.drivetrain.describe().capabilities.brake, brake);
  }
});

test('an error that the board reports is logged when it comes', async () => {
  const io = new BoardIo();
  io.isReady = true;
  const warned: object[] = [];
  const noting = { info() {}, warn: (entry: object) => void warned.push(entry) } as never;
  await openJohnnyFive(OPTIONS, { logger: noting, loadPlugin: async () => io });
  io.emit('error', new Error('I2C write failed'));
  assert.equal(warned[0], { detail: 'I2C write failed' });
});

for (const event of ['close', 'disconnect']) {
  test(`a board that says ${event} is gone for a set as well`, async () => {
    const { io, drivetrain } = await openBoard();
    io.emit(event);
    assert.is(await messageOf(drivetrain.set(1, 1)), 'The board failed: its connection is closed');
    assert.is(io.levels.get(3), 0);
  });
}

test('what a plugin reports in answer to a write fails that write', async () => {
  const { io, drivetrain } = await openBoard();
  io.analogWrite = () => void io.emit('error', new Error('no such pin'));
  assert.is(await messageOf(drivetrain.set(1, 1)), 'The board failed: no such pin');
  io.analogWrite = () => void setImmediate(() => io.emit('error', new Error('no answer')));
  assert.is(await messageOf(drivetrain.set(0.5, 0.5)), 'The board failed: no answer', 'in the same turn');
});

test('a stop tries both motors, and tells what failed', async () => {
  const { io, drivetrain } = await openBoard();
  await drivetrain.set(1, 1);
  io.analogWrite = (pin, value) => {
    if (pin === 3) throw new Error('pin 3 is stuck');
    io.levels.set(pin, value);
  };
  const error = await drivetrain.stop().catch((caught: Error) => caught);
  assert.instance(error, AggregateError);
  assert.is((error as Error).message, 'pin 3 is stuck');
  assert.is(io.levels.get(5), 0);
});

/** johnny-five's board with Firmata, without one. */
function fakeFive(io: object, timer: NodeJS.Timeout | null = null, failure: Error | null = null) {
  const boards: object[] = [];
  class Board extends EventEmitter {
    readonly io = io;
    readonly timer = timer;
    constructor(options: object) {
      super();
      boards.push(options);
      setImmediate(() => (failure ? this.emit('error', failure) : this.emit('ready')));
    }
  }
  class Motor {
    static readonly SHIELD_CONFIGS = {};
    readonly pins = { dir: 1 };
    readonly settings = {};
    stop() {}
  }
  return { boards, load: async () => ({ default: { Board, Motor } }) };
}

for (const [what, options, expected] of [
  ['with Firmata, wherever it is', { io: '' }, {}],
  ['with Firmata at a port', { io: '', port: '/dev/ttyUSB0' }, { port: '/dev/ttyUSB0' }],
  ['of a plugin', {}, { io: 'the plugin' }],
] as const) {
  test(`a board ${what} is opened without console, signals and chatter`, async () => {
    const io = Object.assign(new BoardIo(), { toJSON: () => 'the plugin' });
    const { boards, load } = fakeFive(io);
    let loaded = 0;
    const loadPlugin = async () => {
      loaded += 1;
      return io;
    };
    await openJohnnyFive({ ...OPTIONS, ...options }, { logger, loadPlugin, load });
    assert.equal(JSON.parse(JSON.stringify(boards)), [
      { ...expected, repl: false, sigint: false, debug: false },
    ]);
    assert.is(loaded, 'io' in options ? 0 : 1);
  });
}

test('closing closes the port of Firmata where there is one, and keeps no timer', async () => {
  const closed: string[] = [];
  const close = (what: string) => () => void closed.push(what);
  for (const io of [
    { close: close('board'), transport: { close: close('port') } },
    { close: close('board'), transport: {} },
    { close: close('board') },
    {},
    undefined as unknown as object,
  ]) {
    const timer = setTimeout(() => {}, 10_000);
    const { load } = fakeFive(io, timer);
    const drivetrain = await openJohnnyFive({ ...OPTIONS, io: '' }, { logger, load });
    await drivetrain.close();
    assert.ok((timer as unknown as { _destroyed: boolean })._destroyed, 'the timer goes on');
  }
  assert.equal(closed, ['port', 'board', 'board']);
});

test('a package that can’t be loaded is told as such, with its cause', async () => {
  const cause = new Error('no bindings');
  const load = () => Promise.reject(cause);
  const error = await openJohnnyFive(OPTIONS, { logger, load }).catch((caught: Error) => caught);
  assert.is((error as Error).message, "Can't load johnny-five: no bindings");
  assert.is((error as Error).cause, cause);
});

test('a board with Firmata that fails is told as such', async () => {
  const failing = fakeFive({}, null, new Error('the port is away'));
  assert.is(
    await messageOf(openJohnnyFive({ ...OPTIONS, io: '' }, { logger, load: failing.load })),
    'the board with Firmata does not start: the port is away',
  );
  const { load } = fakeFive({});
  const scheduler = new VirtualTimeScheduler();
  const opening = openJohnnyFive({ ...OPTIONS, io: '' }, { logger, load, scheduler });
  await Promise.resolve();
  await Promise.resolve();
  scheduler.flush();
  assert.is(await messageOf(opening), 'the board with Firmata is not ready after 15 s');
});

test('an IO plugin that is not installed says how to get it', async () => {
  const { message } = await openJohnnyFive({ ...OPTIONS, io: 'no-such-io' }, { logger }).then(
    () => new Error('opened'),
    (error: Error) => error,
  );
  assert.match(
    message,
    /Can't load the IO plugin no-such-io: it is not installed \(npm install no-such-io\)/,
  );
});

for (const [what, options, expected] of [
  ['a chip on this machine', SHIELD, [[1, 0x60, [0xfd, 0x10]]]],
  [
    'two chips',
    {
      left: { controller: 'PCA9685', pins: [8, 9, 10], bus: 3 },
      right: { controller: 'PCA9685', address: 0x41, pins: [8, 9, 10] },
    },
    [
      [3, 0x40, [0xfd, 0x10]],
      [1, 0x41, [0xfd, 0x10]],
    ],
  ],
  [
    'two chips of the same address on two buses',
    {
      left: { controller: 'PCA9685', pins: [8, 9, 10], bus: 3 },
      right: { controller: 'PCA9685', pins: [8, 9, 10] },
    },
    [
      [3, 0x40, [0xfd, 0x10]],
      [1, 0x40, [0xfd, 0x10]],
    ],
  ],
  [
    'two chips on one bus',
    {
      left: { controller: 'PCA9685', address: 0x40, pins: [8, 9, 10] },
      right: { controller: 'PCA9685', address: 0x41, pins: [8, 9, 10] },
    },
    [
      [1, 0x40, [0xfd, 0x10]],
      [1, 0x41, [0xfd, 0x10]],
    ],
  ],
  [
    'a shield of another kind',
    { left: { shield: 'PICAR_V.M1' }, right: { shield: 'PICAR_V.M2' } },
    [[1, 0x40, [0xfd, 0x10]]],
  ],
  [
    'a chip that both motors name by another way',
    { left: { shield: 'PICAR_V.M1' }, right: { controller: 'PCA9685_Hybrid', pins: [8, 9, 10] } },
    [[1, 0x40, [0xfd, 0x10]]],
  ],
  [
    'a chip whose place is no number',
    {
      left: { shield: 'ADAFRUIT_V2.M1', address: '0x41', bus: '3' },
      right: { shield: 'ADAFRUIT_V2.M2', address: 0x41, bus: 3 },
    },
    [
      [1, 0x60, [0xfd, 0x10]],
      [3, 0x41, [0xfd, 0x10]],
    ],
  ],
  [
    'a controller that is no I2C chip, and a shield nobody knows',
    { left: { controller: 'EVS_EV3', pin: 'BAM1' }, right: { shield: 'MY.M1' } },
    [],
  ],
  [
    'the Grove driver',
    {
      left: { controller: 'GROVE_I2C_MOTOR_DRIVER', pin: 'A' },
      right: { controller: 'GROVE_I2C_MOTOR_DRIVER', pin: 'B' },
    },
    [[1, 0x0f, [0x82, 0, 0]]],
  ],
  ['pins', {}, []],
  ['a chip behind Firmata', { ...SHIELD, io: '' }, []],
] as const) {
  test(`the silence of ${what}`, () => {
    assert.equal(
      boardSilence({ ...OPTIONS, ...options }).map(
        (step) => step.kind === 'i2c-write' && [step.bus, step.address, [...step.bytes]],
      ),
      expected.map((step) => [...step]),
    );
  });
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'resolved',
    (error: Error) => error.message,
  );
}

test.run();
