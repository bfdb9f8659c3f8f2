import type { SpeedLimits } from './model.ts';
import type { Severity } from './report.ts';

/**
 * What can be wrong with the robot. Each fault declares how bad it is, when it clears and what an operator reads.
 * - clear `recovers`: gone as soon as its cause is gone
 * - clear `reset`: stays, also without its cause, until an operator resets
 *
 * In `text`, `{speed}` is the top speed that is left, `{detail}` what is known of the cause, in brackets; a detail
 * that has no such place is put behind.
 */
interface FaultRule {
  readonly severity: Exclude<Severity, 'estop'>;
  readonly clear: 'recovers' | 'reset';
  readonly text: string;
  /** Of severity `limit`: which of the settings is the top speed while it lasts. */
  readonly slowsTo?: keyof SpeedLimits;
  /** Of severity `limit`: wheels may slow down, but speed up to this setting only. */
  readonly speedsUpTo?: keyof SpeedLimits;
  /** Of severity `limit`: what drives this way stops and has to be let go; nothing drives this way while it lasts. */
  readonly bars?: 'forward' | 'backwards';
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
  guardian_lost: {
    severity: 'stop',
    clear: 'recovers',
    text: 'The guardian, which stops the motors when this program can’t, does not run. It is started again.',
  },
  // Recovers with the first finished control tick, so that no one has to reset a robot that is well; a control that
  // was held meanwhile has to be let go first, as after every fault of this severity.
  guardian_silenced: {
    severity: 'stop',
    clear: 'recovers',
    text: 'The guardian has stopped the motors.',
  },
  battery_empty: {
    severity: 'stop',
    clear: 'reset',
    text: 'The battery is empty. Charge it, then reset.',
  },
  bumper_front: {
    severity: 'limit',
    clear: 'recovers',
    text: 'The front bumper is touched: not forward. Drive back, or turn.',
    bars: 'forward',
  },
  bumper_rear: {
    severity: 'limit',
    clear: 'recovers',
    text: 'The rear bumper is touched: not backwards. Drive forward, or turn.',
    bars: 'backwards',
  },
  bumper_silent: {
    severity: 'limit',
    clear: 'recovers',
    text: 'The bumpers can’t be read: {speed}. Nothing but you stops the robot in front of a wall.',
    slowsTo: 'bumperSilentSpeedRatio',
  },
  under_voltage: {
    severity: 'limit',
    clear: 'recovers',
    text: 'The voltage is too low: speeds up to {speed} only. Check battery and cable.',
    speedsUpTo: 'underVoltageSpeedRatio',
  },
  battery_low: {
    severity: 'limit',
    clear: 'recovers',
    text: 'The battery is low: {speed}. Bring the robot home.',
    slowsTo: 'batteryLowSpeedRatio',
  },
  wifi_weak: {
    severity: 'limit',
    clear: 'recovers',
    text: 'The Wi-Fi is weak: {speed}. Turn back towards the access point.',
    slowsTo: 'wifiWeakSpeedRatio',
  },
  link_slow: {
    severity: 'limit',
    clear: 'recovers',
    text: 'The link is slow{detail}: {speed}.',
    slowsTo: 'roundTripSpeedRatio',
  },
  link_lossy: {
    severity: 'limit',
    clear: 'recovers',
    text: 'The link loses too much{detail}: {speed}.',
    slowsTo: 'lossSpeedRatio',
  },
  video_late: {
    severity: 'limit',
    clear: 'recovers',
    text: 'The picture is late{detail}: {speed}.',
    slowsTo: 'videoAgeSpeedRatio',
  },
  bumped: { severity: 'info', clear: 'recovers', text: 'The robot touches something.' },
  cpu_hot: { severity: 'info', clear: 'recovers', text: 'The processor is hot. Give it air.' },
  cpu_slowed: {
    severity: 'info',
    clear: 'recovers',
    text: 'The processor slows itself down, for heat or lack of power. The picture may suffer.',
  },
  camera_failed: {
    severity: 'info',
    clear: 'recovers',
    text: 'The camera does not deliver. Driving works; you may not see where.',
  },
} as const satisfies Record<string, FaultRule>;

export type FaultCode = keyof typeof FAULTS;
export const faultRule = (code: FaultCode): FaultRule => FAULTS[code];

/** What an operator reads. @param detail empty where nothing is known */
export function faultText(code: FaultCode, detail: string, limits: SpeedLimits): string {
  const { text, slowsTo, speedsUpTo } = faultRule(code);
  const setting = slowsTo ?? speedsUpTo;
  const speed = setting ? `${Math.round(limits[setting] * 100)} % speed` : '';
  const inBrackets = detail && ` (${detail})`;
  const whole = text.includes('{detail}') ? text : `${text}{detail}`;
  return whole.replace('{speed}', speed).replace('{detail}', () => inBrackets);
}
