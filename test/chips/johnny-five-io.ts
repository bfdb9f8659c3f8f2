import { EventEmitter } from 'node:events';
import { type AddonBusSync, openAddonSync } from './addon.ts';

export interface I2cBusIoOptions {
  /** N of /dev/i2c-N. */
  readonly bus?: number;
}

type Bytes = number | readonly number[];
type Receiver = (bytes: number[]) => void;

/**
 * An IO plugin of johnny-five (github.com/rwaldron/io-plugins) that has no pins, but an I2C bus: like raspi-io it
 * goes through the i2c-bus addon, waits for each write, and throws what the bus refuses.
 */
export class I2cBusIo extends EventEmitter {
  readonly name = 'i2c-bus';
  readonly MODES = { INPUT: 0, OUTPUT: 1, ANALOG: 2, PWM: 3, SERVO: 4, I2C: 6 };
  readonly HIGH = 1;
  readonly LOW = 0;
  readonly pins: never[] = [];
  readonly analogPins: never[] = [];
  isReady = false;
  readonly #bus: AddonBusSync;
  readonly #repeating = new Set<NodeJS.Timeout>();

  constructor({ bus = 1 }: I2cBusIoOptions = {}) {
    super();
    this.#bus = openAddonSync(bus);
    process.nextTick(() => {
      this.isReady = true;
      this.emit('connect');
      this.emit('ready');
    });
  }

  pinMode(pin: number | string): void {
    throw new RangeError(`Expected no pin but received ${pin}: this board has a bus only`);
  }
  digitalWrite(pin: number | string): void {
    this.pinMode(pin);
  }
  pwmWrite(pin: number | string): void {
    this.pinMode(pin);
  }

  i2cConfig(): void {}

  /** One transaction: the bytes as they are, with a register before them if there are three arguments. */
  i2cWrite(address: number, register: Bytes, values: Bytes = []): void {
    // johnny-five hands over fractions and what is above a byte, as Firmata's encoding cuts them.
    const bytes = Buffer.from([register, values].flat().map((byte) => Math.trunc(byte) & 0xff));
    this.#bus.i2cWriteSync(address, bytes.length, bytes);
  }

  i2cWriteReg(address: number, register: number, value: number): void {
    this.i2cWrite(address, [register, value]);
  }

  i2cReadOnce(address: number, ...rest: [number, Receiver] | [number, number, Receiver]): void {
    const bytes = this.#read(address, rest.slice(0, -1) as number[]);
    process.nextTick(rest.at(-1) as Receiver, bytes);
  }

  /** Again and again until `close`. */
  i2cRead(address: number, ...rest: [number, Receiver] | [number, number, Receiver]): void {
    const receive = rest.at(-1) as Receiver;
    const every = setInterval(() => receive(this.#read(address, rest.slice(0, -1) as number[])), SAMPLING_MS);
    this.#repeating.add(every);
  }

  close(): void {
    for (const every of this.#repeating) clearInterval(every);
    this.#bus.closeSync();
  }

  /** @param what length, or register and length */
  #read(address: number, what: readonly number[]): number[] {
    const length = what.at(-1)!;
    const buffer = Buffer.alloc(length);
    if (what.length === 2) this.#bus.readI2cBlockSync(address, what[0]!, length, buffer);
    else this.#bus.i2cReadSync(address, length, buffer);
    return [...buffer];
  }
}

const SAMPLING_MS = 19;

/** johnny-five's plugins are what their package exports. */
export default I2cBusIo;
