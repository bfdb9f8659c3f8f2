import type { SilenceStep } from './drivetrain.ts';

/** One GPIO with PWM. */
export interface PwmPin {
  /** Makes it ready, low. */
  open(): Promise<void>;
  /** Low at 0, high at 1. Resolves when the kernel, or the library below, has taken it. @param dutyRatio 0..1 */
  write(dutyRatio: number): Promise<void>;
  /** Undoes what a guardian does to silence the pin; at its last duty otherwise. */
  enable(): Promise<void>;
  /** Makes it low and gives it back; nothing where it is not open. */
  close(): Promise<void>;
  /** What makes it low without this process. */
  readonly silence: readonly SilenceStep[];
}
