/** The part of npm i2c-bus that is used here; the package ships no types. */
declare module 'i2c-bus' {
  interface PromisifiedBus {
    close(): Promise<void>;
    i2cFuncs(): Promise<{ readonly i2c: boolean; readonly smbusReceiveByte: boolean }>;
    i2cRead(address: number, length: number, buffer: Buffer): Promise<{ bytesRead: number; buffer: Buffer }>;
    i2cWrite(
      address: number,
      length: number,
      buffer: Buffer,
    ): Promise<{ bytesWritten: number; buffer: Buffer }>;
    readI2cBlock(
      address: number,
      register: number,
      length: number,
      buffer: Buffer,
    ): Promise<{ bytesRead: number; buffer: Buffer }>;
    receiveByte(address: number): Promise<number>;
  }
  export function openPromisified(busNumber: number): Promise<PromisifiedBus>;
}
