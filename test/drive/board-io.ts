import { EventEmitter } from 'node:events';
import type { IoPlugin } from '../../firmware/drive/io-plugin.ts';

/**
 * An IO plugin of johnny-five (github.com/rwaldron/io-plugins) with pins that remember what was written, and
 * I2C chips that are registers.
 */
export class BoardIo extends EventEmitter implements IoPlugin {
  readonly name = 'Test board';
  readonly MODES = { INPUT: 0, OUTPUT: 1, ANALOG: 2, PWM: 3, SERVO: 4, I2C: 6 };
  readonly HIGH = 1;
  readonly LOW = 0;
  readonly pins = Array.from({ length: 20 }, () => ({
    supportedModes: [0, 1, 3],
    mode: 0,
    value: 0,
    report: 0,
    analogChannel: 127,
  }));
  readonly analogPins: number[] = [];
  isReady = false;
  readonly levels = new Map<number | string, number>();
  readonly registers = new Uint8Array(256);
  /** What reached the hardware: `3=128`, `0x60: 06 00 ...`. */
  readonly log: string[] = [];
  /** Throws for every write while set. */
  failure: Error | null = null;
  closed = false;

  /** As a board does that has found its firmware. */
  becomeReady(): void {
    this.isReady = true;
    this.emit('connect');
    this.emit('ready');
  }

  pinMode(): void {}
  digitalWrite(pin: number | string, value: number): void {
    this.#level(pin, value);
  }
  analogWrite(pin: number | string, value: number): void {
    this.#level(pin, value);
  }
  pwmWrite(pin: number | string, value: number): void {
    this.#level(pin, value);
  }
  i2cConfig(): void {}
  i2cWrite(address: number, bytes: readonly number[]): void {
    this.#fail();
    const [register = 0, ...values] = bytes.map((byte) => byte & 0xff);
    this.log.push(`0x${address.toString(16)}: ${register}, ${values}`);
    for (const [index, value] of values.entries()) this.registers[(register + index) & 0xff] = value;
  }
  i2cWriteReg(address: number, register: number, value: number): void {
    this.i2cWrite(address, [register, value]);
  }
  close(): void {
    this.closed = true;
  }

  #level(pin: number | string, value: number): void {
    this.#fail();
    this.log.push(`${pin}=${value}`);
    this.levels.set(pin, value);
  }

  #fail(): void {
    if (this.failure) throw this.failure;
  }
}
