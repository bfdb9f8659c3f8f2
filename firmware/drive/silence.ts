import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SilenceStep } from './drivetrain.ts';

/**
 * The steps as text, which native/guardian_plan.h describes and the guardian checks.
 * @param timeoutMs for a guardian that watches
 */
export function silenceText(steps: readonly SilenceStep[], timeoutMs?: number): string {
  const timeout = timeoutMs === undefined ? [] : [`timeout ${timeoutMs}`];
  return ['roverd-silence 1', ...timeout, ...steps.map(stepLine), 'end', ''].join('\n');
}

function stepLine(step: SilenceStep): string {
  return step.kind === 'i2c-write'
    ? `i2c ${step.bus} ${step.address} ${Buffer.from(step.bytes).toString('hex')}`
    : `file ${Buffer.from(step.text).toString('hex')} ${step.path}`;
}

/** Where the steps are kept for stopping without a runtime: `roverd_guardian --silence` reads it. */
export const silenceFile = (stateDir: string): string => join(stateDir, 'silence');

/**
 * Keeps the steps of the drivetrain in use; without steps, removes those of an earlier one, which would write to what
 * may be something else by now. It stays when the robot has ended.
 * @throws Error of the file system
 */
export function keepSilence(path: string, steps: readonly SilenceStep[]): void {
  if (steps.length === 0) return rmSync(path, { force: true });
  const draft = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(draft, silenceText(steps), { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}
