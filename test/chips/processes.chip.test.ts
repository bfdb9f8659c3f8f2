import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AddonBus, openAddon } from './addon.ts';
import { type Chips, createChips, ownChips } from './chips.ts';
import { HEADER } from './layout.ts';
import { type SecondProcess, startSecond, until } from './second-process.ts';

const test = suite('several processes at one bus');
let chips: Chips;
let bus: AddonBus;
let second: SecondProcess | null = null;
test.before.each(async () => {
  chips = ownChips({ pca9685: [0x60] });
  bus = await openAddon(1);
});
test.after.each(async () => {
  chips.clearFaults();
  if (second?.child.exitCode === null) await second.kill('SIGKILL');
  second = null;
  await bus.close();
  chips.close();
});

const write = (...bytes: number[]) => bus.i2cWrite(0x60, bytes.length, Buffer.from(bytes));

test('a second process sees the same chip, and both are in the log', async () => {
  await write(0x00, 0x31);
  second = startSecond(
    chips,
    `
os.write(fd, bytes([0x00]))
say(os.read(fd, 1)[0])
os.write(fd, bytes([0xFE, 9]))
`,
  );
  assert.equal(await second.rest(), ['49']);
  assert.is(await bus.readByte(0x60, 0xfe), 9);
  assert.equal(new Set(chips.log().map(({ pid }) => pid)), new Set([process.pid, second.pid]));
});

test('two processes at full speed lose nothing', async () => {
  const count = 2_000;
  const script = `
for i in range(${count}):
    os.write(fd, bytes([0xFE, i & 255]))
`;
  const others = [startSecond(chips, script), startSecond(chips, script)];
  for (let i = 0; i < 500; i++) await write(0xfe, i & 0xff);
  await Promise.all(others.map((other) => other.rest()));
  const log = chips.log();
  assert.is(log.length, 2 * count + 500);
  for (const { pid } of others) {
    const values = log.filter((entry) => entry.pid === pid).map(({ written }) => written[1]);
    assert.equal(
      values,
      Array.from({ length: count }, (_, i) => i & 0xff),
    );
  }
  for (let i = 1; i < log.length; i++) assert.ok(log[i]!.beginNs >= log[i - 1]!.endNs);
});

for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
  test(`a process that gets ${signal} inside a transaction holds nobody up, and the transaction happens`, async () => {
    await write(0x00, 0x31);
    chips.inject({ slowMs: 400, times: 1 });
    second = startSecond(
      chips,
      `
say('ready')
os.write(fd, bytes([0x00, 0x21, 0x04]))
say('written')
`,
    );
    await second.line();
    await until('it is under way', () => chips.inFlight() === 1);
    await second.kill(signal);
    assert.is(chips.registers(0x60)[0], 0x31);
    await write(0xfd, 0x10);
    assert.is(chips.registers(0x60)[0], 0x21);
    const [, first, after] = chips.log();
    assert.is(first!.pid, second.pid);
    assert.is(first!.error, null);
    assert.is(Number(first!.endNs - first!.beginNs) / 1e6, 400);
    assert.ok(after!.beginNs >= first!.endNs);
    if (signal === 'SIGKILL') return;
    second.child.kill('SIGCONT');
    assert.equal(await second.rest(), ['written']);
  });

  test(`a process that gets ${signal} while it has the mutex blocks no other`, async () => {
    second = startSecond(
      chips,
      `
import mmap
state = mmap.mmap(os.open(os.environ['CHIPS_STATE'], os.O_RDWR), 4096)
base = ctypes.addressof(ctypes.c_char.from_buffer(state))
ctypes.c_int32.from_address(base + ${HEADER.holder}).value = os.getpid()
say(ctypes.CDLL(None).pthread_mutex_lock(ctypes.c_void_p(base + ${HEADER.mutex})))
time.sleep(600)
`,
    );
    assert.is(await second.line(), '0');
    let written = false;
    const writing = write(0xfe, 77).then(() => {
      written = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.is(written, false, 'the second process does not have the mutex');
    await second.kill(signal);
    await writing;
    for (let i = 0; i < 20; i++) await write(0xfe, 100 + i);
    assert.is(chips.registers(0x60)[0xfe], 119);
    assert.is(chips.log().length, 21);
  });
}

test('what a killed process left under way is done also where nobody else comes', async () => {
  chips.inject({ slowMs: 50, times: 1 });
  second = startSecond(chips, `say('ready')\nos.write(fd, bytes([0xFE, 200]))\n`);
  await second.line();
  await until('it is under way', () => chips.inFlight() === 1);
  await second.kill('SIGKILL');
  await until('it is over', () => {
    chips.settle();
    return chips.inFlight() === 0;
  });
  assert.is(chips.registers(0x60)[0xfe], 200);
});

test('chips made for children alone are not those of this process', async () => {
  const other = createChips({ pca9685: [0x60] });
  second = startSecond(other, `os.write(fd, bytes([0xFE, 5]))\n`);
  await second.rest();
  assert.is(other.registers(0x60)[0xfe], 5);
  assert.is(chips.registers(0x60)[0xfe], 0x1e);
  other.powerLoss(0x60);
  assert.is(other.registers(0x60)[0xfe], 0x1e);
  other.close();
});

test.run();
