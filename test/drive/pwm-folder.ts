import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WheelRatios } from '../../firmware/drive/drivetrain.ts';

/** Files as in /sys/class/pwm with one chip a GPIO, already exported. Without a kernel behind them they only keep text. */
export function pwmFolder(gpios: readonly number[]) {
  const root = mkdtempSync(join(tmpdir(), 'roverd-pwm-'));
  const pin = (gpio: number) => join(root, `pwmchip${gpios.indexOf(gpio)}`, 'pwm0');
  for (const [index, gpio] of gpios.entries()) {
    const chip = join(root, `pwmchip${index}`);
    mkdirSync(join(chip, 'device/of_node'), { recursive: true });
    mkdirSync(join(chip, 'pwm0'));
    writeFileSync(join(chip, 'device/of_node/compatible'), 'pwm-gpio\0');
    writeFileSync(join(chip, 'device/of_node/gpios'), cells(0x2f, gpio, 0));
    writeFileSync(join(chip, 'export'), '');
    for (const [name, text] of Object.entries({ period: '0', duty_cycle: '0', enable: '0' })) {
      writeFileSync(join(chip, 'pwm0', name), text);
    }
  }
  const number = (gpio: number, name: string) =>
    Number.parseInt(readFileSync(join(pin(gpio), name), 'utf8'), 10);
  return {
    root,
    pin,
    number,
    duty: (gpio: number) =>
      number(gpio, 'enable') === 1 ? number(gpio, 'duty_cycle') / number(gpio, 'period') : 0,
    remove: () => rmSync(root, { recursive: true }),
  };
}

/** Device tree cells: 32 bits, big-endian. */
export function cells(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

/** DRV8833, table 1: one input with PWM and the other low drives, both low let it run out, both high brake. */
export function bridgeRatio(forward: number, backward: number): number {
  if (forward > 0 && backward > 0 && (forward < 1 || backward < 1)) {
    throw new Error(`both inputs of a bridge are driven: ${forward}, ${backward}`);
  }
  return forward === backward ? 0 : forward - backward;
}

/** Motor 1 (GPIO 20, 19) and motor 2 (26, 21). */
export function explorerWheels(duty: (gpio: number) => number): WheelRatios {
  return { left: bridgeRatio(duty(20), duty(19)), right: bridgeRatio(duty(26), duty(21)) };
}
