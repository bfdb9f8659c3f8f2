import { errorNumber } from './errors.ts';
import { FAULT, FAULT_KINDS, FAULTS, PWM_ATTRIBUTES, SCOPES } from './layout.ts';
import type { StateFile } from './state-file.ts';

/** What befalls: an error, a delay, or a hang. */
export type Effect =
  | { readonly error: string }
  | { readonly slowMs: number }
  /** `call`: this call alone returns only when the fault is cleared. */
  | { readonly hang: 'call' }
  /** `bus`: the bus is held, all wait; each ends with ETIMEDOUT after `timeoutMs`, as set by I2C_TIMEOUT if not given. */
  | { readonly hang: 'bus'; readonly timeoutMs?: number };

/** Which transactions it befalls: all, unless said. */
export interface Target {
  /** So many, then no more; else until cleared. */
  readonly times?: number;
  /** So many pass first. */
  readonly after?: number;
  readonly pid?: number;
  /** A transfer that reads anything is a read. */
  readonly direction?: 'write' | 'read';
}

export interface I2cTarget extends Target {
  readonly bus?: number;
  readonly address?: number;
  /** Those that write this register, or name it to read. */
  readonly register?: number;
}

export interface PwmTarget extends Target {
  /** N of pwmchipN. */
  readonly chip?: number;
  readonly attribute?: Exclude<(typeof PWM_ATTRIBUTES)[number], ''>;
}

export interface Fault {
  /** How often it struck. */
  hits(): number;
  /** Ends it; what hangs goes on. */
  clear(): void;
}

let generations = 0;

export function injectFault(
  state: StateFile,
  scope: keyof typeof SCOPES,
  { times, after = 0, pid = 0, direction, ...target }: (I2cTarget | PwmTarget) & Target,
  effect: Effect,
): Fault {
  const at = freePlace(state);
  const fault = Buffer.alloc(FAULTS.size);
  const { kind, error, delayMs } = decode(effect);
  const { bus, address, register } = target as I2cTarget;
  const { chip, attribute } = target as PwmTarget;
  fault.writeUInt32LE(kind, FAULT.kind);
  fault.writeInt32LE(error, FAULT.error);
  fault.writeUInt32LE(times === undefined ? 0 : 1, FAULT.limited);
  fault.writeUInt32LE(times ?? 0, FAULT.left);
  fault.writeUInt32LE(SCOPES[scope], FAULT.scope);
  fault.writeInt32LE(bus ?? -1, FAULT.bus);
  fault.writeInt32LE(address ?? chip ?? -1, FAULT.address);
  fault.writeInt32LE(pid, FAULT.pid);
  fault.writeInt32LE(register ?? -1, FAULT.register);
  fault.writeUInt32LE(direction === undefined ? 3 : direction === 'write' ? 1 : 2, FAULT.directions);
  fault.writeUInt32LE(attribute === undefined ? 0 : PWM_ATTRIBUTES.indexOf(attribute), FAULT.attribute);
  fault.writeBigUInt64LE(BigInt(Math.round(delayMs * 1e6)), FAULT.delayNs);
  fault.writeUInt32LE(after, FAULT.skip);
  state.setBytes(at, fault);
  generations += 1;
  // Several processes may inject: the number has to differ from what stood here before, and from theirs.
  const generation = ((process.pid << 12) | (generations & 0xfff)) >>> 0;
  state.setUint32(at + FAULT.generation, generation);
  const isOurs = () => state.uint32(at + FAULT.generation) === generation;
  return {
    hits: () => state.uint32(at + FAULT.hits),
    clear: () => {
      if (isOurs()) state.setUint32(at + FAULT.generation, 0);
    },
  };
}

export function clearFaults(state: StateFile): void {
  for (let i = 0; i < FAULTS.count; i++) state.setUint32(FAULTS.at + i * FAULTS.size + FAULT.generation, 0);
}

function freePlace(state: StateFile): number {
  for (let i = 0; i < FAULTS.count; i++) {
    const at = FAULTS.at + i * FAULTS.size;
    if (state.uint32(at + FAULT.generation) === 0) return at;
  }
  throw new Error(`Expected at most ${FAULTS.count} faults at a time`);
}

function decode(effect: Effect): { kind: number; error: number; delayMs: number } {
  if ('error' in effect) return { kind: FAULT_KINDS.error, error: errorNumber(effect.error), delayMs: 0 };
  if ('slowMs' in effect) return { kind: FAULT_KINDS.slow, error: 0, delayMs: effect.slowMs };
  if (effect.hang === 'call') return { kind: FAULT_KINDS.hangCall, error: 0, delayMs: 0 };
  return { kind: FAULT_KINDS.hangBus, error: 0, delayMs: effect.timeoutMs ?? 0 };
}
