import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Gives every core a process that never rests. @returns what ends them */
export function startSpinners(): () => void {
  const spinners = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
  );
  return () => {
    for (const spinner of spinners) spinner.kill('SIGKILL');
  };
}

/** Runs `measure` while every core has a process that never rests. */
export async function loadCores<T>(measure: () => Promise<T>): Promise<T> {
  const stopSpinners = startSpinners();
  try {
    return await measure();
  } finally {
    stopSpinners();
  }
}
