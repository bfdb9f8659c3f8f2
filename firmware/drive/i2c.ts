import type { PromisifiedBus } from 'i2c-bus';

/** Below are the addresses every chip listens to, general call among them (NXP UM10204, table 4). */
const FIRST_ADDRESS = 0x08;
const LAST_ADDRESS = 0x7f;
/** What SMBus's I2C block read can carry, in bytes (Linux: I2C_SMBUS_BLOCK_MAX). */
const MAX_BLOCK_BYTES = 32;
/** What i2c-dev moves in one message, in bytes. */
const MAX_MESSAGE_BYTES = 8192;

/**
 * An I2C bus: `/dev/i2c-N` on Linux.
 *
 * - Addresses are 0x08..0x7f, bytes 0..255; anything else is a RangeError, and nothing goes over the wire.
 * - Every call is one transaction, and rejects with an I2cError when the bus or the chip refuses it. Calls may
 *   overlap; the kernel does one after the other, in no promised order. A call takes as long as the kernel waits
 *   for the bus (usually up to 1 s), so who must go on in time does not wait for it.
 * - After `close` every call but `close` rejects.
 */
export interface I2cBus {
  readonly number: number;
  write(address: number, bytes: readonly number[]): Promise<void>;
  /** From wherever the chip's register pointer stands. */
  read(address: number, length: number): Promise<Uint8Array>;
  /** Writes one byte (a register's number) and reads 1..32 bytes after a repeated start: nobody comes in between. */
  writeRead(address: number, bytes: readonly [number], length: number): Promise<Uint8Array>;
  /**
   * Whether a chip acknowledges its address.
   * Reads one byte where its register pointer stands: that changes nothing in the chips probed for here. A quick
   * write, which i2cdetect uses for most addresses, is known to spoil some EEPROMs; a read is what it uses there.
   * @throws I2cError when the bus fails otherwise, or a kernel driver holds the address (EBUSY)
   */
  probe(address: number): Promise<boolean>;
  /** Does not wait for calls that hang: their file is closed when they return. */
  close(): Promise<void>;
}

/** What a chip that is not there gives (Linux: i2c/fault-codes.rst). Which of the two depends on the controller. */
export const NO_ANSWER_CODES: readonly string[] = ['ENXIO', 'EREMOTEIO'];

export class I2cError extends Error {
  override readonly name = 'I2cError';
  /** errno as a name, such as EREMOTEIO; `CLOSED` after close. */
  readonly code: string;
  readonly bus: number;
  /** Null where the bus itself is meant. */
  readonly address: number | null;
  /** What to do about it; empty where the message is all there is to say. */
  readonly mend: string;
  constructor(
    code: string,
    bus: number,
    address: number | null,
    message: string,
    { cause, mend = '' }: ErrorOptions & { readonly mend?: string } = {},
  ) {
    super(mend === '' ? message : `${message}: ${mend}`, { cause });
    this.code = code;
    this.bus = bus;
    this.address = address;
    this.mend = mend;
  }
}

/**
 * Opens a bus and sees that it is one.
 * @param busNumber N of /dev/i2c-N; 1 on a Pi's pin header
 * @throws I2cError telling what to do when it is missing, forbidden, or its addon can't be loaded
 */
export async function openI2cBus(busNumber: number): Promise<I2cBus> {
  const { openPromisified } = await loadAddon(busNumber);
  const open = () => openPromisified(busNumber);
  const bus = await open();
  try {
    const { i2c, smbusReceiveByte } = await bus.i2cFuncs();
    if (!i2c || !smbusReceiveByte) throw Object.assign(new Error('no plain I2C'), { code: 'ENOTSUP' });
  } catch (cause) {
    const code = codeOf(cause);
    const { what = code, mend = '' } = BUS_FAULTS[code] ?? {};
    const message = `Can't use I2C bus ${busNumber} (/dev/i2c-${busNumber}), ${what}`;
    throw new I2cError(code, busNumber, null, message, { cause, mend });
  } finally {
    await bus.close();
  }
  return new LinuxI2cBus(busNumber, open);
}

const BUS_FAULTS: Readonly<Record<string, { readonly what: string; readonly mend?: string }>> = {
  ENOENT: {
    what: 'which is not there',
    mend: 'switch I2C on (sudo raspi-config nonint do_i2c 0) and restart',
  },
  EACCES: {
    what: 'which may not be opened',
    mend: 'add the user to its group (sudo usermod -aG i2c $USER) and log in again',
  },
  ENOTSUP: { what: 'whose controller does not do plain I2C transactions' },
};

/** One address as i2c-bus opens it: a file of its own, bound to the address by its first call. */
interface Line {
  readonly opened: Promise<PromisifiedBus>;
  /** Fulfilled, never rejected, when the first call is over: before that the file may not be bound yet. */
  readonly bound: Promise<void>;
  running: number;
}

class LinuxI2cBus implements I2cBus {
  readonly number: number;
  readonly #open: () => Promise<PromisifiedBus>;
  readonly #lines = new Map<number, Line>();
  #closed = false;

  constructor(number: number, open: () => Promise<PromisifiedBus>) {
    this.number = number;
    this.#open = open;
  }

  async write(address: number, bytes: readonly number[]): Promise<void> {
    const buffer = toBuffer(bytes);
    await this.#call(address, async (line) => {
      const { bytesWritten } = await line.i2cWrite(address, buffer.length, buffer);
      assertWhole(bytesWritten, buffer.length);
    });
  }

  async read(address: number, length: number): Promise<Uint8Array> {
    assertLength(length, MAX_MESSAGE_BYTES);
    return this.#call(address, async (line) => {
      const { bytesRead, buffer } = await line.i2cRead(address, length, Buffer.alloc(length));
      assertWhole(bytesRead, length);
      return buffer;
    });
  }

  async writeRead(address: number, bytes: readonly [number], length: number): Promise<Uint8Array> {
    const [register, ...more] = toBuffer(bytes);
    if (register === undefined || more.length > 0) {
      throw new RangeError(`Expected one byte to write before reading but received ${bytes.length}`);
    }
    assertLength(length, MAX_BLOCK_BYTES);
    return this.#call(address, async (line) => {
      const { bytesRead, buffer } = await line.readI2cBlock(address, register, length, Buffer.alloc(length));
      assertWhole(bytesRead, length);
      return buffer;
    });
  }

  async probe(address: number): Promise<boolean> {
    try {
      await this.#call(address, (line) => line.receiveByte(address));
      return true;
    } catch (error) {
      if (error instanceof I2cError && NO_ANSWER_CODES.includes(error.code)) return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const idle = [...this.#lines].filter(([, line]) => line.running === 0);
    await Promise.all(idle.map(([address, line]) => this.#drop(address, line)));
  }

  async #call<T>(address: number, action: (line: PromisifiedBus) => Promise<T>): Promise<T> {
    assertAddress(address);
    let line = this.#lines.get(address);
    while (line) {
      await line.bound;
      const current = this.#lines.get(address);
      if (current === line) break;
      line = current;
    }
    if (this.#closed) throw new I2cError('CLOSED', this.number, address, `I2C bus ${this.number} is closed`);
    return line ? this.#run(address, line, action) : this.#bind(address, action);
  }

  /** The first call at an address. Should it fail, its file goes: i2c-bus would use it on, bound or not. */
  async #bind<T>(address: number, action: (line: PromisifiedBus) => Promise<T>): Promise<T> {
    let isBound = () => {};
    const bound = new Promise<void>((resolve) => {
      isBound = resolve;
    });
    const line: Line = { opened: this.#open(), bound, running: 0 };
    this.#lines.set(address, line);
    try {
      return await this.#run(address, line, action);
    } catch (error) {
      await this.#drop(address, line);
      throw error;
    } finally {
      isBound();
    }
  }

  async #run<T>(address: number, line: Line, action: (line: PromisifiedBus) => Promise<T>): Promise<T> {
    line.running += 1;
    try {
      return await action(await line.opened);
    } catch (cause) {
      throw this.#explain(address, cause);
    } finally {
      line.running -= 1;
      if (line.running === 0 && this.#closed) await this.#drop(address, line);
    }
  }

  async #drop(address: number, line: Line): Promise<void> {
    if (this.#lines.get(address) !== line) return;
    this.#lines.delete(address);
    await (await line.opened).close();
  }

  #explain(address: number, cause: unknown): I2cError {
    const code = codeOf(cause);
    const at = `0x${address.toString(16).padStart(2, '0')} on I2C bus ${this.number}`;
    const message = NO_ANSWER_CODES.includes(code)
      ? `Nothing answers at ${at} (${code})`
      : `A transfer with ${at} failed: ${CALL_REASONS[code] ?? code}`;
    return new I2cError(code, this.number, address, message, { cause });
  }
}

const CALL_REASONS: Readonly<Record<string, string>> = {
  EBUSY: 'a kernel driver holds this address (EBUSY)',
  EIO: 'the bus is disturbed (EIO). Check wiring and power',
  ETIMEDOUT: 'the bus is held by something (ETIMEDOUT). Check wiring and power',
};

async function loadAddon(busNumber: number): Promise<typeof import('i2c-bus')> {
  try {
    // Lazily: the simulator must run where the addon can't be loaded. A CommonJS package: its exports are `default`.
    const loaded = (await import('i2c-bus')) as { default?: typeof import('i2c-bus') };
    return loaded.default ?? (loaded as typeof import('i2c-bus'));
  } catch (cause) {
    const message = `Can't load the I2C addon (npm i2c-bus), ${(cause as Error).message}`;
    const mend = 'run `npm start` once in the folder of roverd; it builds what is missing';
    throw new I2cError(codeOf(cause), busNumber, null, message, { cause, mend });
  }
}

/** The addon's errors carry errno as a number, and no name for this one, which most chips that are absent give. */
const EREMOTEIO = 121;

function codeOf(cause: unknown): string {
  const { code, errno } = (cause ?? {}) as { readonly code?: unknown; readonly errno?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  return errno === EREMOTEIO ? 'EREMOTEIO' : 'UNKNOWN';
}

function toBuffer(bytes: readonly number[]): Buffer {
  const wrong = bytes.find((byte) => !(Number.isInteger(byte) && byte >= 0 && byte <= 255));
  if (wrong !== undefined) throw new RangeError(`Expected bytes in 0..255 but received ${wrong}`);
  assertLength(bytes.length, MAX_MESSAGE_BYTES);
  return Buffer.from(bytes);
}

function assertAddress(address: number): void {
  if (Number.isInteger(address) && address >= FIRST_ADDRESS && address <= LAST_ADDRESS) return;
  throw new RangeError(`Expected an I2C address in 0x08..0x7f but received ${address}`);
}

function assertLength(length: number, max: number): void {
  if (Number.isInteger(length) && length >= 1 && length <= max) return;
  throw new RangeError(`Expected a length in 1..${max} bytes but received ${length}`);
}

/** A chip that refuses a byte in the middle ends the transaction there. */
function assertWhole(moved: number, wanted: number): void {
  if (moved !== wanted) throw Object.assign(new Error(`${moved} of ${wanted} bytes`), { code: 'EIO' });
}
