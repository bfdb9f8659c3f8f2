import * as assert from 'uvu/assert';
import type { FaultCode } from '../../firmware/command/faults.ts';
import type { CommandMessage } from '../../firmware/command/message.ts';
import { type Event, initialState, type Sender, type Settings } from '../../firmware/command/model.ts';
import { type StepResult, step } from '../../firmware/command/state.ts';
import type { LinkFaultCode } from '../../firmware/telemetry/link.ts';
import { settings } from './helpers.ts';

/** `awake` is a tick after a stall; before the others, a tick came every `tickMs`. */
export type Row = [
  atMs: number,
  what: Event | [Sender, CommandMessage] | 'tick' | 'awake',
  expected: Expectation,
];
interface Expectation {
  wheels?: [number, number];
  code?: string;
  operator?: string | null;
  reason?: string;
}

export const WALL_MS = 1_700_000_000_000;
export const tick = (atMs: number, expected: Expectation): Row => [atMs, 'tick', expected];
export const closed = (senderId: string): Event => ({ type: 'linkClosed', senderId });
export const takeOver = (sender: Sender): Event => ({ type: 'takeOver', sender });
export const awake = (atMs: number, expected: Expectation): Row => [atMs, 'awake', expected];
export const fault = (code: FaultCode, active: boolean, detail?: string): Event => ({
  type: 'fault',
  code,
  active,
  detail,
});
export const linkFaults = (senderId: string, ...codes: LinkFaultCode[]): Event => ({
  type: 'linkFaults',
  senderId,
  faults: codes.map((code) => ({ code, detail: 'measured' })),
});
export const drive = (linear: number, angular = 0) => ({ drive: { linear, angular } });

/** Plays the rows, with ticks in between, and checks what each expects. */
export function play(rows: Row[], overrides: Partial<Settings> = {}): StepResult {
  const used = { ...settings, ...overrides };
  let result = step(initialState(used), { type: 'tick' }, 0);
  rows.forEach(([atMs, what, expected], index) => {
    let lastMs = result.state.lastNowMs ?? 0;
    for (; what !== 'awake' && lastMs + used.tickMs < atMs; lastMs += used.tickMs) {
      result = step(result.state, { type: 'tick' }, lastMs + used.tickMs);
    }
    const event: Event =
      what === 'tick' || what === 'awake'
        ? { type: 'tick' }
        : Array.isArray(what)
          ? { type: 'command', sender: what[0], message: what[1], wallMs: WALL_MS + atMs }
          : what;
    result = step(result.state, event, atMs);
    const label = `row ${index} at ${atMs} ms: `;
    if (expected.wheels)
      assert.equal([result.wheels.left, result.wheels.right], expected.wheels, `${label}wheels`);
    const code = result.verdict.ok ? 'ok' : result.verdict.code;
    assert.is(code, expected.code ?? 'ok', `${label}verdict`);
    if (expected.operator !== undefined)
      assert.is(result.state.lease?.sender.name ?? null, expected.operator, `${label}operator`);
    if (expected.reason) assert.is(result.reasons[0]?.code, expected.reason, `${label}reason`);
  });
  return result;
}
