import type { Severity } from './report.ts';

/**
 * What can be wrong with the robot. Each fault declares how bad it is, when it clears and what an operator reads.
 * - clear `recovers`: gone as soon as its cause is gone
 * - clear `reset`: stays, also without its cause, until an operator resets
 * `maxRatio` is the top speed left while a fault of severity `limit` lasts, 0..1.
 */
interface FaultRule {
  readonly severity: Exclude<Severity, 'estop'>;
  readonly clear: 'recovers' | 'reset';
  readonly text: string;
  readonly maxRatio?: number;
}

export const FAULTS = {
  drivetrain_failed: {
    severity: 'stop',
    clear: 'recovers',
    text: 'The motor driver refuses commands. Check its power and wiring.',
  },
  drivetrain_silent: {
    severity: 'stop',
    clear: 'recovers',
    text: 'The motor driver does not answer. Check its power and wiring.',
  },
  battery_empty: {
    severity: 'stop',
    clear: 'reset',
    text: 'The battery is empty. Charge it, then reset.',
  },
  battery_low: {
    severity: 'limit',
    clear: 'recovers',
    text: 'The battery is low: half speed. Bring the robot home.',
    maxRatio: 0.5,
  },
  wifi_weak: {
    severity: 'limit',
    clear: 'recovers',
    text: 'The Wi-Fi is weak: half speed. Turn back towards the access point.',
    maxRatio: 0.5,
  },
  bumped: { severity: 'info', clear: 'recovers', text: 'The robot touches something.' },
  camera_failed: {
    severity: 'info',
    clear: 'recovers',
    text: 'The camera does not deliver. Driving works; you may not see where.',
  },
} as const satisfies Record<string, FaultRule>;

export type FaultCode = keyof typeof FAULTS;
export const faultRule = (code: FaultCode): FaultRule => FAULTS[code];
