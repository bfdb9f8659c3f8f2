import { createRequire } from 'node:module';

type Result<T> = Promise<T>;

/** What the tests here use of npm i2c-bus, which brings no types. */
export interface AddonBus {
  close(): Result<void>;
  i2cFuncs(): Result<Readonly<Record<string, boolean>>>;
  scan(): Result<number[]>;
  i2cRead(address: number, length: number, buffer: Buffer): Result<{ bytesRead: number; buffer: Buffer }>;
  i2cWrite(address: number, length: number, buffer: Buffer): Result<{ bytesWritten: number }>;
  readByte(address: number, command: number): Result<number>;
  readWord(address: number, command: number): Result<number>;
  readI2cBlock(address: number, command: number, length: number, buffer: Buffer): Result<{ buffer: Buffer }>;
  receiveByte(address: number): Result<number>;
  sendByte(address: number, byte: number): Result<void>;
  writeByte(address: number, command: number, byte: number): Result<void>;
  writeWord(address: number, command: number, word: number): Result<void>;
  writeQuick(address: number, bit: 0 | 1): Result<void>;
  writeI2cBlock(address: number, command: number, length: number, buffer: Buffer): Result<unknown>;
}

/** The calls of the addon that wait in place, as IO plugins make them. */
export interface AddonBusSync {
  closeSync(): void;
  i2cReadSync(address: number, length: number, buffer: Buffer): number;
  i2cWriteSync(address: number, length: number, buffer: Buffer): number;
  readI2cBlockSync(address: number, command: number, length: number, buffer: Buffer): number;
}

const addon = createRequire(import.meta.url)('i2c-bus') as {
  openPromisified(bus: number): Promise<AddonBus>;
  openSync(bus: number): AddonBusSync;
};

/** The real i2c-bus addon, as drivers use it. */
export const { openPromisified: openAddon, openSync: openAddonSync } = addon;
