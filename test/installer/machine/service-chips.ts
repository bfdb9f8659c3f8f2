import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Chips, createChips } from '../../chips/chips.ts';
import { chipsLibrary } from '../../chips/library.ts';
import { motorState } from '../../drive/chip-wheels.ts';
import type { Machine } from './machine.ts';

/**
 * A Motor HAT on the bus of the service roverd, and of nothing else on a machine that has not been booted yet. The
 * service's sandbox has one hole more by it.
 */
export function giveMotorHat(machine: Machine): Chips {
  const chips = createChips({ pca9685: [0x60] });
  const folder = dirname(chips.state.path);
  copyFileSync(chipsLibrary(), join(folder, 'chips.so'));
  chmodSync(folder, 0o755);
  for (const name of ['state', `state.i2c-${chips.bus}`]) chmodSync(join(folder, name), 0o666);
  const inside = join(machine.root, 'chips');
  mkdirSync(inside);
  const { status, stderr } = spawnSync('mount', ['--bind', folder, inside], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  mkdirSync(join(machine.root, 'etc/systemd/system/roverd.service.d'), { recursive: true });
  machine.write(
    '/etc/systemd/system/roverd.service.d/chips.conf',
    '[Service]\nEnvironment=LD_PRELOAD=/chips/chips.so CHIPS_STATE=/chips/state\nReadWritePaths=/chips\n',
  );
  return chips;
}

export function wheelsOf(chips: Chips): { left: number; right: number } {
  const { duty } = chips.pca9685();
  return { left: motorState(duty, 1).ratio, right: motorState(duty, 2).ratio };
}
