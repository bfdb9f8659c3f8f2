import { faultRule, faultText } from './faults.ts';
import { presentFaults, type State } from './model.ts';
import { type Reason, SEVERITIES } from './report.ts';

/** How the last motion ended: as its operator wanted, or not. */
export type Standing =
  | { readonly code: 'idle' }
  | { readonly code: 'watchdog' | 'link_ended'; readonly name: string }
  /** The program did not run for `ms`. */
  | { readonly code: 'stalled'; readonly ms: number };

/** Everything that keeps the robot still or slow, worst first, in the words an operator reads. */
export function explain(state: State): readonly Reason[] {
  const reasons: Reason[] = [];
  if (state.estopBy !== null) {
    reasons.push({
      code: 'estop',
      severity: 'estop',
      text: `Emergency stop by ${state.estopBy}. Reset it to drive.`,
    });
  }
  for (const { code, detail } of presentFaults(state)) {
    const text = faultText(code, detail, state.settings.limits);
    reasons.push({ code, severity: faultRule(code).severity, text });
  }
  if (state.interlock) reasons.push({ code: 'release_first', severity: 'stop', text: state.interlock.text });
  if (state.settings.maxRatio < 1) {
    const percent = Math.round(state.settings.maxRatio * 100);
    reasons.push({ code: 'speed_limited', severity: 'limit', text: `Top speed is set to ${percent} %.` });
  }
  const barred = reasons.some(({ severity }) => severity === 'stop' || severity === 'estop');
  if (state.motion === null && !barred) reasons.push(standing(state));
  return reasons.sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity));
}

export function stalledText(ms: number): string {
  return `The robot’s program stood still for ${Math.round(ms)} ms`;
}

function standing(state: State): Reason {
  const why = state.standing;
  switch (why.code) {
    case 'watchdog':
      return {
        code: 'watchdog',
        severity: 'info',
        text: `No command from ${why.name} for ${state.settings.watchdogMs} ms: stopped.`,
      };
    case 'link_ended':
      return { code: 'link_ended', severity: 'info', text: `The link to ${why.name} ended: stopped.` };
    case 'stalled':
      return { code: 'stalled', severity: 'info', text: `${stalledText(why.ms)}: stopped.` };
    case 'idle':
      return state.lease
        ? { code: 'idle', severity: 'info', text: `Ready. Waiting for ${state.lease.sender.name} to drive.` }
        : { code: 'no_operator', severity: 'info', text: 'Ready. Nobody drives.' };
  }
}
