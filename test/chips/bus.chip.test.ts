import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AddonBus, openAddon, openAddonSync } from './addon.ts';
import { type Chips, type ChipsOptions, ownChips } from './chips.ts';
import { startSecond } from './second-process.ts';

const test = suite('emulated bus');
const ALL: ChipsOptions = { pca9685: [0x60], ads1015: [0x48], cap1208: [0x28] };
let chips: Chips;
let bus: AddonBus;
test.before.each(async () => {
  chips = ownChips(ALL);
  bus = await openAddon(1);
});
test.after.each(async () => {
  await bus.close();
  chips.close();
});

const rejection = (promise: Promise<unknown>): Promise<NodeJS.ErrnoException> =>
  promise.then(
    () => assert.unreachable('it went well') as never,
    (error) => error,
  );

test('a scan finds the chips, and all-call of the PCA9685', async () => {
  assert.equal(await bus.scan(), [0x28, 0x48, 0x60, 0x70]);
});

test('an absent address gives EREMOTEIO, as i2c-bcm2835 does, and so does a chip that was unplugged', async () => {
  const calls = [bus.receiveByte(0x61), bus.writeByte(0x61, 0, 0), bus.writeQuick(0x61, 0)];
  // The addon passes the number on without a name for it.
  for (const { errno } of await Promise.all(calls.map(rejection))) assert.is(errno, 121);
  assert.equal(
    chips.log().map(({ error }) => error),
    ['EREMOTEIO', 'EREMOTEIO', 'EREMOTEIO'],
  );
  chips.unplug(0x60);
  assert.is((await rejection(bus.receiveByte(0x60))).errno, 121);
  chips.plug(0x60);
  assert.is(await bus.readByte(0x60, 0), 0x11);
});

test('every kind of SMBus transfer reaches the chip as its messages', async () => {
  await bus.writeQuick(0x60, 0);
  await bus.sendByte(0x60, 0x01);
  assert.is(await bus.receiveByte(0x60), 0x04);
  await bus.writeByte(0x60, 0x00, 0x31);
  assert.is(await bus.readByte(0x60, 0x00), 0x31);
  await bus.writeWord(0x60, 0x06, 0x1234);
  assert.is(await bus.readWord(0x60, 0x06), 0x1234);
  await bus.writeI2cBlock(0x60, 0x06, 3, Buffer.from([1, 2, 3]));
  assert.equal([...(await bus.readI2cBlock(0x60, 0x06, 3, Buffer.alloc(3))).buffer], [1, 2, 3]);
  await bus.i2cWrite(0x60, 2, Buffer.from([0x06, 9]));
  assert.equal((await bus.i2cRead(0x60, 2, Buffer.alloc(2))).bytesRead, 2);
  assert.equal(
    chips.log().map(({ written, read }) => [[...written], [...read]]),
    [
      [[], []],
      [[1], []],
      [[], [4]],
      [[0, 0x31], []],
      [[0], [0x31]],
      [[6, 0x34, 0x12], []],
      [[6], [0x34, 0x12]],
      [[6, 1, 2, 3], []],
      [[6], [1, 2, 3]],
      [[6, 9], []],
      [[], [2, 3]],
    ],
  );
});

test('the calls of the addon that wait work as those that do not', () => {
  const sync = openAddonSync(1);
  sync.i2cWriteSync(0x60, 2, Buffer.from([0xfe, 77]));
  const buffer = Buffer.alloc(1);
  sync.readI2cBlockSync(0x60, 0xfe, 1, buffer);
  sync.closeSync();
  assert.equal([...buffer], [77]);
});

test('the log tells who, when, where and what of each transaction', async () => {
  const beforeNs = process.hrtime.bigint();
  await bus.i2cWrite(0x60, 65, Buffer.from([6, ...Array(64).fill(1)]));
  const afterNs = process.hrtime.bigint();
  const [entry, ...more] = chips.log();
  assert.is(more.length, 0);
  assert.ok(beforeNs < entry!.startNs && entry!.startNs <= entry!.beginNs);
  assert.ok(entry!.beginNs <= entry!.endNs && entry!.endNs < afterNs);
  assert.is(entry!.pid, process.pid);
  assert.is(entry!.address, 0x60);
  assert.is(entry!.kind, 'i2c');
  assert.is(entry!.writtenLength, 65);
  assert.equal([...entry!.written], [6, ...Array(64).fill(1)]);
  chips.clearLog();
  assert.equal(chips.log(), []);
});

test('the log keeps the last 65,536 transactions', () => {
  const sync = openAddonSync(1);
  const buffer = Buffer.from([0xfe, 0]);
  const total = 65_536 + 300;
  for (let i = 0; i < total; i++) {
    buffer[1] = i % 251;
    sync.i2cWriteSync(0x60, 2, buffer);
  }
  sync.closeSync();
  const log = chips.log();
  assert.is(log.length, 65_536);
  for (const [index, { written }] of log.entries()) {
    if (written[1] !== (index + 300) % 251) assert.unreachable(`entry ${index}`);
  }
});

test('many calls at once from the thread pool each get what is theirs', async () => {
  const register = (i: number) => bus.readByte(i % 2 ? 0x28 : 0x60, i % 2 ? 0xfd : 0x00);
  const values = await Promise.all(Array.from({ length: 400 }, (_, i) => register(i)));
  assert.equal(
    values,
    values.map((_, i) => (i % 2 ? 0x6b : 0x11)),
  );
});

test('the device is there for those who look, and no other bus is', async () => {
  assert.ok(existsSync('/dev/i2c-1'));
  assert.ok(statSync('/dev/i2c-1').isCharacterDevice());
  assert.ok((await stat('/dev/i2c-1')).isCharacterDevice());
  await access('/dev/i2c-1', constants.R_OK | constants.W_OK);
  assert.not(existsSync('/dev/i2c-0'));
  assert.throws(() => accessSync('/dev/i2c-7'), /ENOENT/);
  const other = await openAddon(7);
  assert.is((await rejection(other.receiveByte(0x60))).code, 'ENOENT');
  await other.close();
});

test('without permission it can be seen but not opened', async () => {
  chips.refuseOpen('EACCES');
  assert.ok(existsSync('/dev/i2c-1'));
  assert.throws(() => accessSync('/dev/i2c-1', constants.R_OK), /EACCES/);
  const refused = await openAddon(1);
  assert.is((await rejection(refused.receiveByte(0x60))).code, 'EACCES');
  chips.refuseOpen(null);
  assert.is(await refused.readByte(0x60, 0), 0x11);
  await refused.close();
});

test('other files are left alone', async () => {
  assert.ok(statSync('/dev/null').isCharacterDevice());
  assert.is((await stat('binding.gyp')).isFile(), true);
  const others = chips.log().length;
  assert.is(others, 0);
});

test('combined messages by I2C_RDWR, an open file handed on, and what ioctl refuses', async () => {
  const second = startSecond(
    chips,
    `
rdwr(fd, (0x60, 0, [0x00, 0x31]))
say(rdwr(fd, (0x60, 0, [0x02]), (0x60, 1, [0] * 3))[1])
say(rdwr(fd, (0x28, 0, [0xFD]), (0x60, 0, [0x00]), (0x60, 1, [0]))[2])
attempt(lambda: rdwr(fd, (0x60, 1, [0]), (0x60, 1, [0])))
attempt(lambda: rdwr(fd, (0x61, 0, [0])))
attempt(lambda: fcntl.ioctl(fd, I2C_SLAVE, 0x80))
attempt(lambda: fcntl.ioctl(fd, 0x7FF, 0))
copy = os.dup(fd)
os.close(fd)
os.write(copy, bytes([0xFE, 42]))
os.set_inheritable(copy, True)
os.system('python3 -c "import os; os.write(%d, bytes([0x06, 7])); os.write(%d, bytes([0xFE]))"' % (copy, copy))
say(os.read(copy, 1)[0])
`,
  );
  assert.equal(await second.rest(), [
    '[226, 228, 232]',
    '[49]',
    'Operation not supported',
    'Remote I/O error',
    'Invalid argument',
    'Inappropriate ioctl for device',
    '42',
  ]);
  assert.is(chips.registers(0x60)[0x06], 7);
});

test('bytes take their time at the rate of the bus, and transfers queue', async () => {
  chips.close();
  chips = ownChips({ ...ALL, clockHz: 100_000 });
  await Promise.all([0, 1, 2].map(() => bus.writeI2cBlock(0x60, 0x06, 24, Buffer.alloc(24))));
  const log = chips.log();
  for (const { beginNs, endNs } of log) assert.is(Number(endNs - beginNs), (2 + 9 * 26) * 10_000);
  for (let i = 1; i < log.length; i++) assert.ok(log[i]!.beginNs >= log[i - 1]!.endNs);
});

test('a Pi 5 knows no quick command, and sends no message without bytes', async () => {
  assert.ok((await bus.i2cFuncs()).smbusQuick);
  chips.close();
  chips = ownChips({ ...ALL, adapter: 'designware' });
  // The addon asks once for each opened bus.
  const fresh = await openAddon(1);
  const { smbusQuick, i2c, smbusReceiveByte } = await fresh.i2cFuncs();
  await fresh.close();
  assert.equal([smbusQuick, i2c, smbusReceiveByte], [false, true, true]);
  assert.is((await rejection(bus.writeQuick(0x60, 0))).code, 'ENOTSUP');
  assert.is(await bus.readByte(0x60, 0), 0x11);
});

test.run();
