import { createRequire } from 'node:module';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Chips, ownChips } from './chips.ts';
import { I2cBusIo } from './johnny-five-io.ts';

interface Motor {
  forward(speed: number): void;
  reverse(speed: number): void;
  stop(): void;
}
interface JohnnyFive {
  readonly Board: new (options: object) => { once(event: 'ready', then: () => void): void };
  readonly Motor: (new (
    options: object,
  ) => Motor) & {
    readonly SHIELD_CONFIGS: { readonly ADAFRUIT_V2: Readonly<Record<string, object>> };
  };
}
const five = createRequire(import.meta.url)('johnny-five') as JohnnyFive;

const test = suite('IO plugin over i2c-bus');
const chips: Chips = ownChips({ pca9685: [0x60], cap1208: [0x28] });
const io = new I2cBusIo();
test.after(() => {
  io.close();
  chips.close();
});

test("drives the chip by johnny-five's own motor and shield", async () => {
  const board = new five.Board({ io, repl: false, sigint: false, debug: false });
  await new Promise<void>((resolve) => board.once('ready', resolve));
  const motor = new five.Motor(five.Motor.SHIELD_CONFIGS.ADAFRUIT_V2.M1!);
  const chip = chips.pca9685();
  assert.ok(chip.isAwake());
  assert.is(Math.round(chip.frequencyHz()), 50);
  const duties = () => [8, 9, 10].map((channel) => chip.duty(channel));
  motor.forward(255);
  assert.equal(duties(), [1, 1, 0]);
  motor.reverse(128);
  assert.equal(duties().slice(1), [0, 1]);
  assert.ok(Math.abs(duties()[0]! - 0.5) < 0.01);
  motor.stop();
  assert.is(chip.duty(8), 0);
});

test('reads by register, and where the pointer stands', async () => {
  const once = (...what: [number] | [number, number]) =>
    new Promise<number[]>((resolve) => {
      if (what.length === 2) io.i2cReadOnce(0x28, what[0], what[1], resolve);
      else io.i2cReadOnce(0x28, what[0], resolve);
    });
  assert.equal(await once(0xfd, 2), [0x6b, 0x5d]);
  io.i2cWrite(0x28, 0xfe);
  assert.equal(await once(1), [0x5d]);
  const repeated: number[][] = [];
  await new Promise<void>((resolve) => {
    io.i2cRead(0x28, 0xfd, 1, (bytes) => {
      repeated.push(bytes);
      if (repeated.length === 2) resolve();
    });
  });
  assert.equal(repeated, [[0x6b], [0x6b]]);
});

test('throws what the bus refuses', () => {
  const fault = chips.inject({ error: 'EIO' });
  assert.throws(() => io.i2cWriteReg(0x60, 0, 0), /EIO/);
  fault.clear();
});

test.run();
