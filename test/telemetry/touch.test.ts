import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createTouch } from '../../firmware/telemetry/touch.ts';
import { FakeBus, fakeCap1208 } from './fake-bus.ts';
import { collectLog, Time } from './time.ts';

const POLL_MS = 20;

/** Pads in virtual time. Inputs of the chip: bit 0 is CS1, which is pad 5. */
function begin(product?: number) {
  const time = new Time();
  const bus = new FakeBus();
  const chip = fakeCap1208(product);
  bus.chips.set(0x28, chip);
  const { lines, logger } = collectLog();
  const told: (number | null)[] = [];
  const toldMs: number[] = [];
  const { pads$, sensor } = createTouch({
    bus: async () => bus,
    pollMs: POLL_MS,
    nowMs: () => time.frame,
    logger,
    scheduler: time,
  });
  const listening = pads$.subscribe((pads) => {
    told.push(pads);
    toldMs.push(time.frame);
  });
  return { time, bus, chip, lines, told, toldMs, sensor, end: () => listening.unsubscribe() };
}

test('sets the chip up to feel every pad, several at a time, each 35 ms', async () => {
  const { time, chip, told, end } = begin();
  await time.advance(50);
  assert.is(chip.registers[0x2a], 0);
  assert.is(chip.registers[0x24], 0x38);
  assert.equal(told, [0]);
  end();
});

test('numbers the pads as the Explorer HAT does', async () => {
  for (let pad = 1; pad <= 8; pad++) {
    const { time, chip, told, end } = begin();
    await time.advance(100);
    const input = pad <= 4 ? pad + 3 : pad - 5;
    chip.press(1 << input);
    await time.advance(POLL_MS);
    assert.equal(told, [0, 1 << (pad - 1)]);
    end();
  }
});

test('a touch is told within one poll, stays while it lasts, and its end is told', async () => {
  const { time, chip, told, end } = begin();
  await time.advance(101);
  chip.press(0b0001_0000);
  await time.advance(POLL_MS);
  assert.equal(told, [0, 1]);
  await time.advance(500);
  assert.is(told.length, 2);
  chip.press(0);
  await time.advance(2 * POLL_MS);
  assert.equal(told, [0, 1, 0]);
  end();
});

test('a tap between two polls is not missed, and does not stick', async () => {
  const { time, chip, told, end, sensor } = begin();
  await time.advance(105);
  chip.tap(0b0010_0000);
  await time.advance(100);
  assert.equal(told, [0, 2, 0]);
  assert.equal(await sensor.read(), { touchedPads: 2 }, 'the sample tells of it too');
  assert.equal(await sensor.read(), { touchedPads: 0 }, 'once');
  end();
});

test('one disturbed transfer is no news; silence is told after 200 ms, and the return', async () => {
  const { time, bus, chip, told, toldMs, lines, sensor, end } = begin();
  await time.advance(100);
  bus.failing = 'EIO';
  await time.advance(100);
  bus.failing = null;
  await time.advance(100);
  assert.equal(told, [0]);
  assert.equal(lines, []);

  bus.failing = 'EREMOTEIO';
  await time.advance(300);
  assert.equal(told, [0, null]);
  assert.ok(toldMs[1]! >= 300 + 200 && toldMs[1]! <= 300 + 200 + 2 * POLL_MS, `${toldMs[1]}`);
  assert.is(await sensor.read(), null);
  // As after a loss of power.
  chip.registers.set([0x80], 0x2a);
  const callsBefore = bus.calls.length;
  await time.advance(900);
  assert.ok(bus.calls.length - callsBefore <= 2, 'a chip that is away is not asked 50 times a second');
  bus.failing = null;
  await time.advance(1100);
  assert.equal(told, [0, null, 0]);
  assert.is(chip.registers[0x2a], 0, 'set up again');
  assert.equal(lines, ['warn the touch pads are not read', 'info the touch pads are read again']);
  end();
});

test('a bus that hangs is silence after 200 ms, and asked no second time meanwhile', async () => {
  const { time, bus, told, toldMs, end } = begin();
  await time.advance(100);
  let release = () => {};
  bus.hanging = new Promise((resolve) => (release = resolve));
  const calls = bus.calls.length;
  await time.advance(1000);
  assert.is(bus.calls.length, calls + 1);
  assert.equal(told, [0, null]);
  assert.ok(toldMs[1]! <= 100 + 200 + 2 * POLL_MS, `${toldMs[1]}`);
  bus.hanging = null;
  release();
  await time.advance(100);
  assert.equal(told, [0, null, 0]);
  end();
});

test('another chip at that address is told, and not set up', async () => {
  const { time, chip, told, lines, end } = begin(0x71);
  chip.registers[0x2a] = 0x80;
  await time.advance(500);
  assert.equal(told, [null]);
  assert.is(chip.registers[0x2a], 0x80);
  assert.equal(lines, ['warn the touch pads are not read']);
  end();
});

test('nothing is read when nobody listens any more', async () => {
  const { time, bus, end } = begin();
  await time.advance(100);
  end();
  const calls = bus.calls.length;
  await time.advance(1000);
  assert.is(bus.calls.length, calls);
});

test.run();
