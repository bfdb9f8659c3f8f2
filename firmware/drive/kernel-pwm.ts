import { type FileHandle, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SilenceStep } from './drivetrain.ts';
import type { Pause } from './pause.ts';
import type { PwmPin } from './pwm-pin.ts';

/** Linux: Documentation/ABI/testing/sysfs-class-pwm. */
export const PWM_ROOT = '/sys/class/pwm';
const NS_PER_S = 1_000_000_000;
/** After an export udev gives the files to their group, which takes some ms; more on a busy machine. */
const PERMISSION_TRIES = 200;
const PERMISSION_EVERY_MS = 10;

/**
 * Which chip makes the PWM of which GPIO: the overlay pwm-gpio makes one chip a pin, whose device tree node has
 * `gpios = <controller, GPIO, flags>` as big-endian cells.
 * @returns folders by GPIO; empty where there is no such chip
 */
export async function findPwmGpios(root: string = PWM_ROOT): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>();
  const names = await readdir(root).catch(() => [] as string[]);
  for (const name of names.filter((entry) => /^pwmchip\d+$/.test(entry))) {
    const node = join(root, name, 'device/of_node');
    const compatible = await readFile(join(node, 'compatible'), 'latin1').catch(() => '');
    const gpios = await readFile(join(node, 'gpios')).catch(() => Buffer.alloc(0));
    if (compatible.split('\0').includes('pwm-gpio') && gpios.length >= 8) {
      found.set(gpios.readUInt32BE(4), join(root, name));
    }
  }
  return found;
}

/** The pin of a chip that has one pin. @param chip its folder, as `findPwmGpios` gives it */
export function kernelPwmPin(chip: string, frequencyHz: number, pause: Pause): PwmPin {
  return new KernelPwmPin(chip, Math.round(NS_PER_S / frequencyHz), pause);
}

class KernelPwmPin implements PwmPin {
  readonly silence: readonly SilenceStep[];
  readonly #chip: string;
  readonly #periodNs: number;
  readonly #pause: Pause;
  /** Kept open: a command must not fail because a table of files is full. */
  #files: { readonly duty: FileHandle; readonly enable: FileHandle } | null = null;

  constructor(chip: string, periodNs: number, pause: Pause) {
    this.#chip = chip;
    this.#periodNs = periodNs;
    this.#pause = pause;
    this.silence = [
      { kind: 'file-write', path: this.#path('duty_cycle'), text: '0' },
      { kind: 'file-write', path: this.#path('enable'), text: '0' },
    ];
  }

  async open(): Promise<void> {
    await writeFile(join(this.#chip, 'export'), '0').catch((error: NodeJS.ErrnoException) => {
      // Exported by an earlier run, which may have died with the motors on.
      if (error.code !== 'EBUSY') throw this.#explain(error);
    });
    try {
      const duty = await this.#openWhenAllowed('duty_cycle');
      const enable = await this.#openWhenAllowed('enable').catch(async (error) => {
        await duty.close();
        throw error;
      });
      this.#files = { duty, enable };
      // In this order: a period shorter than the duty is refused (EINVAL), and so is a duty while there is none.
      await this.write(0).catch(() => undefined);
      await writeFile(this.#path('period'), String(this.#periodNs));
      await this.write(0);
      await this.enable();
    } catch (error) {
      await this.#closeFiles();
      throw this.#explain(error as NodeJS.ErrnoException);
    }
  }

  async write(dutyRatio: number): Promise<void> {
    await this.#open.duty.write(`${Math.round(dutyRatio * this.#periodNs)}\n`, 0);
  }

  async enable(): Promise<void> {
    await this.#open.enable.write('1\n', 0);
  }

  async close(): Promise<void> {
    if (!this.#files) return;
    try {
      await this.write(0);
      await this.#open.enable.write('0\n', 0);
    } finally {
      await this.#closeFiles();
    }
  }

  get #open() {
    if (!this.#files) throw new Error(`The PWM of ${this.#chip} is closed`);
    return this.#files;
  }

  async #openWhenAllowed(name: string): Promise<FileHandle> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await open(this.#path(name), 'r+');
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'EACCES' || tries === PERMISSION_TRIES) throw error;
        await this.#pause(PERMISSION_EVERY_MS);
      }
    }
  }

  async #closeFiles(): Promise<void> {
    const files = this.#files;
    this.#files = null;
    await Promise.all([files?.duty.close(), files?.enable.close()]);
  }

  #path(name: string): string {
    return join(this.#chip, 'pwm0', name);
  }

  #explain(error: NodeJS.ErrnoException): Error {
    const mend = error.code === 'EACCES' ? '. Add the user to the group gpio and log in again' : '';
    return new Error(`Can't use the PWM of ${this.#chip}: ${error.message}${mend}`, { cause: error });
  }
}
