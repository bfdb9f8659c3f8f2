import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { Chips } from './chips.ts';
import { type Effect, type Fault, injectFault, type PwmTarget } from './faults.ts';
import {
  HEADER,
  PWM_ATTRIBUTES,
  PWM_CHANNEL,
  PWM_CHIP,
  PWM_CHIPS,
  PWM_FILE,
  PWM_FILES,
  PWM_ROOT_LENGTH,
} from './layout.ts';
import { OutputHistory } from './log.ts';

export type PwmChipOptions =
  /** One pin, by `dtoverlay=pwm-gpio,gpio=N`. */
  | { readonly name: 'pwm-gpio'; readonly gpio: number }
  /** A hardware PWM: its device tree does not say which pins it reaches. */
  | { readonly name: string; readonly npwm: 1 | 2 | 3 | 4 };

export interface PwmTreeOptions {
  /** pwmchip0, pwmchip1, ... */
  readonly chips: readonly PwmChipOptions[];
  /** How long after an export udev gives the files to their group; they can't be opened until then (EACCES). */
  readonly groupAfterMs?: number;
}

/** A folder that is to programs with the emulation what /sys/class/pwm is on a Pi. */
export interface PwmTree {
  /** What stands for /sys/class/pwm. */
  readonly root: string;
  /** Share of the period in which the pin is high, 0..1, of the only channel of the chip at this GPIO. */
  duty(gpio: number): number;
  /** In ns, 0 until set. */
  periodNs(gpio: number): number;
  /** The pin's history: channel 0 of its chip. */
  outputs(gpio: number): OutputHistory;
  /** From when on the pins of all these GPIOs are low, for as long as is known; null when one is not. */
  offSince(sinceNs: bigint, gpios: readonly number[]): bigint | null;
  /** The folder of the chip at this GPIO. */
  chip(gpio: number): string;
  inject(effect: Effect & PwmTarget & { readonly gpio?: number }): Fault;
  /** Removes the folder. */
  close(): void;
}

/** @param chips whose processes see the tree; it keeps one at a time, and its log tells of both */
export function createPwmTree(chips: Chips, { chips: wanted, groupAfterMs = 0 }: PwmTreeOptions): PwmTree {
  const { state } = chips;
  const base = mkdtempSync(join(tmpdir(), 'pwm-'));
  const root = join(base, 'class/pwm');
  mkdirSync(root, { recursive: true });
  state.setBytes(PWM_FILES.at, Buffer.alloc(PWM_FILES.size * PWM_FILES.count));
  for (const [index, chip] of wanted.entries()) {
    const folder = makeChip(base, root, index, chip);
    for (const [place, name] of (['export', 'unexport'] as const).entries()) {
      registerFile(2 * index + place, join(folder, name), index, name);
    }
    const entry = Buffer.alloc(PWM_CHIPS.size);
    entry.writeUInt32LE('npwm' in chip ? chip.npwm : 1, PWM_CHIP.npwm);
    entry.writeUInt32LE(
      state.uint32(PWM_CHIPS.at + index * PWM_CHIPS.size + PWM_CHIP.outputs),
      PWM_CHIP.outputs,
    );
    for (let channel = 0; channel < 4; channel++) {
      entry.writeUInt32LE(
        groupAfterMs,
        PWM_CHIP.channels + channel * PWM_CHIP.channelSize + PWM_CHANNEL.groupAfterMs,
      );
    }
    state.setBytes(PWM_CHIPS.at + index * PWM_CHIPS.size, entry);
  }
  state.setBytes(HEADER.pwmRoot, Buffer.from(base.padEnd(PWM_ROOT_LENGTH, '\0')));

  function registerFile(place: number, path: string, index: number, name: 'export' | 'unexport'): void {
    const { dev, ino } = statSync(path, { bigint: true });
    const entry = Buffer.alloc(PWM_FILES.size);
    entry.writeBigUInt64LE(dev, PWM_FILE.device);
    entry.writeBigUInt64LE(ino, PWM_FILE.inode);
    entry.writeUInt32LE(index, PWM_FILE.chip);
    entry.writeUInt32LE(PWM_ATTRIBUTES.indexOf(name), PWM_FILE.attribute);
    state.setBytes(PWM_FILES.at + place * PWM_FILES.size, entry);
  }

  const indexOf = (gpio: number) => {
    const index = wanted.findIndex((chip) => 'gpio' in chip && chip.gpio === gpio);
    if (index < 0) throw new Error(`Expected a PWM at GPIO ${gpio} but there is none`);
    return index;
  };
  const channel = (gpio: number) => {
    const bytes = state.entry(PWM_CHIPS, indexOf(gpio)).subarray(PWM_CHIP.channels);
    return {
      enabled: bytes.readUInt32LE(PWM_CHANNEL.enabled) === 1,
      inversed: bytes.readUInt32LE(PWM_CHANNEL.inversed) === 1,
      periodNs: Number(bytes.readBigUInt64LE(PWM_CHANNEL.periodNs)),
      dutyNs: Number(bytes.readBigUInt64LE(PWM_CHANNEL.dutyNs)),
    };
  };
  const histories = new Map<number, OutputHistory>();
  const outputs = (gpio: number) => {
    const history = histories.get(gpio) ?? new OutputHistory(state, 'pwm', indexOf(gpio));
    histories.set(gpio, history);
    return history;
  };
  return {
    root,
    duty(gpio) {
      const { enabled, inversed, periodNs, dutyNs } = channel(gpio);
      if (!enabled || periodNs === 0) return 0;
      return (inversed ? periodNs - dutyNs : dutyNs) / periodNs;
    },
    periodNs: (gpio) => channel(gpio).periodNs,
    outputs,
    offSince(sinceNs, gpios) {
      let latest = sinceNs;
      for (const gpio of gpios) {
        const since = outputs(gpio).offSince(sinceNs, [0]);
        if (since === null) return null;
        if (since > latest) latest = since;
      }
      return latest;
    },
    chip: (gpio) => join(root, `pwmchip${indexOf(gpio)}`),
    inject({ gpio, ...effect }) {
      return injectFault(
        state,
        'pwm',
        gpio === undefined ? effect : { ...effect, chip: indexOf(gpio) },
        effect,
      );
    },
    close() {
      state.setBytes(HEADER.pwmRoot, Buffer.alloc(PWM_ROOT_LENGTH));
      rmSync(base, { recursive: true, force: true });
    },
  };
}

/** The links lie as in /sys; only the names of devices may differ from kernel to kernel. */
function makeChip(base: string, root: string, index: number, chip: PwmChipOptions): string {
  const node = 'gpio' in chip ? `pwm_gpio@${chip.gpio.toString(16)}` : chip.name;
  const device = join(base, 'devices/platform', node);
  const folder = join(device, 'pwm', `pwmchip${index}`);
  const ofNode = join(base, 'firmware/devicetree/base', node);
  mkdirSync(folder, { recursive: true });
  mkdirSync(ofNode, { recursive: true });
  writeFileSync(join(folder, 'export'), '', { mode: 0o200 });
  writeFileSync(join(folder, 'unexport'), '', { mode: 0o200 });
  writeFileSync(join(folder, 'npwm'), `${'npwm' in chip ? chip.npwm : 1}\n`, { mode: 0o444 });
  writeFileSync(join(ofNode, 'compatible'), `${chip.name}\0`);
  writeFileSync(join(ofNode, 'name'), `${node.split('@')[0]}\0`);
  if ('gpio' in chip) writeFileSync(join(ofNode, 'gpios'), cells(GPIO_CONTROLLER, chip.gpio, 0));
  link(join(folder, 'device'), device);
  link(join(device, 'of_node'), ofNode);
  link(join(root, `pwmchip${index}`), folder);
  return folder;
}

/** A phandle: any number that the device tree gave the controller. */
const GPIO_CONTROLLER = 0x2f;

/** Device tree cells: 32 bits, big-endian. */
function cells(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

function link(path: string, target: string): void {
  symlinkSync(relative(dirname(path), target), path);
}

/** What a program that reads the tree finds, without line end. */
export function readAttribute(chip: string, name: string): string {
  return readFileSync(join(chip, 'pwm0', name), 'utf8').trimEnd();
}
