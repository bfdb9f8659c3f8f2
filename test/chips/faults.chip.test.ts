import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AddonBus, openAddon } from './addon.ts';
import { type Chips, ownChips } from './chips.ts';
import { startSecond, until } from './second-process.ts';

const test = suite('faults of the bus');
let chips: Chips;
let bus: AddonBus;
test.before.each(async () => {
  chips = ownChips({ pca9685: [0x60], cap1208: [0x28] });
  bus = await openAddon(1);
});
test.after.each(async () => {
  chips.clearFaults();
  await bus.close();
  chips.close();
});

/** 'ok', or what went wrong. */
const outcome = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'ok',
    (error: NodeJS.ErrnoException) => error.code || `errno ${error.errno}`,
  );
const read = () => outcome(bus.readByte(0x60, 0));
const write = (register: number) => outcome(bus.writeByte(0x60, register, 0x31));

test('an error for so many transactions, after so many', async () => {
  const fault = chips.inject({ error: 'EIO', times: 2, after: 1 });
  assert.equal([await read(), await read(), await read(), await read()], ['ok', 'EIO', 'EIO', 'ok']);
  assert.is(fault.hits(), 2);
  assert.equal(
    chips.log().map(({ error }) => error),
    [null, 'EIO', 'EIO', null],
  );
});

test('an error until it is cleared, of each kind', async () => {
  for (const code of ['EIO', 'ENXIO', 'ETIMEDOUT', 'EREMOTEIO']) {
    const fault = chips.inject({ error: code });
    const expected = code === 'EREMOTEIO' ? 'errno 121' : code;
    assert.equal([await read(), await read()], [expected, expected]);
    fault.clear();
    assert.is(await read(), 'ok');
  }
});

test('what failed did not reach the chip', async () => {
  chips.inject({ error: 'EIO', times: 1 });
  await write(0x00);
  assert.is(chips.registers(0x60)[0], 0x11);
});

test('only at one address, in one direction, or at one register', async () => {
  const atTouch = chips.inject({ error: 'EIO', address: 0x28 });
  assert.equal([await read(), await outcome(bus.readByte(0x28, 0xfd))], ['ok', 'EIO']);
  atTouch.clear();
  const writes = chips.inject({ error: 'EIO', direction: 'write' });
  assert.equal([await read(), await write(0x06)], ['ok', 'EIO']);
  writes.clear();
  const prescale = chips.inject({ error: 'EIO', register: 0xfe });
  assert.equal([await write(0x00), await write(0xfd), await write(0xfe)], ['ok', 'ok', 'EIO']);
  prescale.clear();
  // With auto-increment, which was set just now, a block reaches further than its first register.
  chips.inject({ error: 'EIO', register: 0x26 });
  const block = (length: number) => outcome(bus.writeI2cBlock(0x60, 0x1e, length, Buffer.alloc(length)));
  assert.equal([await block(8), await block(9)], ['ok', 'EIO']);
});

test('only for one process', async () => {
  const second = startSecond(
    chips,
    `say('ready')
time.sleep(0)
sys.stdin.read()
attempt(lambda: os.read(fd, 1))
`,
  );
  await second.line();
  chips.inject({ error: 'EIO', pid: process.pid });
  assert.is(await read(), 'EIO');
  assert.is(await second.line(), 'ok');
});

test('slow: each takes longer, and the bus is taken meanwhile', async () => {
  chips.inject({ slowMs: 20, address: 0x60 });
  const results = await Promise.all([read(), outcome(bus.readByte(0x28, 0)), read()]);
  assert.equal(results, ['ok', 'ok', 'ok']);
  for (const { address, beginNs, endNs } of chips.log()) {
    assert.is(Number(endNs - beginNs) / 1e6, address === 0x60 ? 20 : 0);
  }
});

test('who waits for the bus gets it in the order of asking', async () => {
  const first = chips.inject({ hang: 'bus', timeoutMs: 60_000, times: 1 });
  const second = chips.inject({ hang: 'bus', timeoutMs: 60_000, times: 1, after: 1 });
  const asked: Promise<unknown>[] = [];
  const ask = async (value: number, waiting: number) => {
    asked.push(bus.writeByte(0x60, 0xfe, value));
    await until(`${waiting} wait`, () => chips.inFlight() === waiting);
  };
  for (const value of [1, 2, 3]) await ask(10 + value, value);
  first.clear();
  await asked[0];
  await ask(14, 3);
  second.clear();
  await Promise.all(asked);
  assert.equal(
    chips.log().map(({ written }) => written[1]),
    [11, 12, 13, 14],
  );
});

test('a call that hangs leaves the bus to others, and goes on when cleared', async () => {
  const fault = chips.inject({ hang: 'call', times: 1 });
  const hung = read();
  await until('it hangs', () => fault.hits() === 1);
  assert.is(await outcome(bus.readByte(0x28, 0)), 'ok');
  assert.is(chips.log().length, 1);
  fault.clear();
  assert.is(await hung, 'ok');
  assert.is(chips.log().length, 2);
});

test('a bus that hangs holds up all, until the time-out of each', async () => {
  const fault = chips.inject({ hang: 'bus', timeoutMs: 30, times: 2 });
  const results = await Promise.all([read(), outcome(bus.readByte(0x28, 0)), read()]);
  assert.equal(results.sort(), ['ETIMEDOUT', 'ETIMEDOUT', 'ok']);
  const [first, second, third] = chips.log();
  assert.is(Number(first!.endNs - first!.beginNs) / 1e6, 30);
  assert.is(second!.beginNs, first!.endNs);
  assert.is(Number(third!.endNs - first!.beginNs) / 1e6, 60);
  assert.is(fault.hits(), 2);
});

test('a bus that is let go in time does what was asked', async () => {
  const fault = chips.inject({ hang: 'bus', times: 1 });
  const hung = write(0x00);
  await until('it hangs', () => fault.hits() === 1);
  assert.is(chips.inFlight(), 1);
  assert.is(chips.registers(0x60)[0], 0x11);
  fault.clear();
  assert.is(await hung, 'ok');
  assert.is(chips.registers(0x60)[0], 0x31);
});

test('without a time-out given a hanging bus waits as long as the adapter was told to', async () => {
  chips.inject({ hang: 'bus' });
  const second = startSecond(
    chips,
    `
fcntl.ioctl(fd, I2C_TIMEOUT, 5)
attempt(lambda: os.read(fd, 1))
`,
  );
  assert.equal(await second.rest(), ['Connection timed out']);
  const [entry] = chips.log();
  assert.is(Number(entry!.endNs - entry!.beginNs) / 1e6, 50);
});

test('several faults add up', async () => {
  chips.inject({ slowMs: 5 });
  chips.inject({ error: 'EIO', times: 1 });
  assert.is(await read(), 'EIO');
  const [entry] = chips.log();
  assert.is(Number(entry!.endNs - entry!.beginNs) / 1e6, 5);
});

test.run();
