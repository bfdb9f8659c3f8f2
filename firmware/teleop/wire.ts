/**
 * What goes over the WebSocket `/teleop` besides commands (firmware/command/message.ts).
 * Every message is one JSON object with one of these keys. The page shares the types.
 */
import * as z from 'zod/mini';
import { checkOneOf, type Decoded } from '../command/message.ts';
import type { CommandReport } from '../command/report.ts';
import type { CloudStatus } from '../telemetry/cloud-status.ts';
import type { Samples } from '../telemetry/sensor.ts';

/** Bytes; the largest is an offer (an SDP of up to 25,000 characters, as in KVS). */
export const MAX_SESSION_MESSAGE_BYTES = 32 * 1024;

const sessionKinds = {
  /**
   * Answered by `pong`. `t` is the page's clock in ms and comes back untouched. The others tell of the link as the page
   * finds it, where it knows: a link that is bad slows its operator down.
   */
  ping: z.strictObject({
    ping: z.strictObject({
      t: z.number(),
      /** Of the last ping, or how long an answer has been missing. */
      roundTripMs: z.optional(z.number().check(z.nonnegative())),
      /** Of the picture on the screen. */
      videoAgeMs: z.optional(z.number().check(z.nonnegative())),
      /** Share of what was sent that did not arrive. */
      lossRatio: z.optional(z.number().check(z.minimum(0), z.maximum(1))),
    }),
  }),
  /** Asks for the lease although another operator holds it. */
  takeOver: z.strictObject({ takeOver: z.literal(true) }),
  /** Gives the lease back. */
  release: z.strictObject({ release: z.literal(true) }),
  /** Opens (or renegotiates) the video session. */
  offer: z.strictObject({ offer: z.strictObject({ sdp: z.string().check(z.maxLength(25_000)) }) }),
  candidate: z.strictObject({
    candidate: z.strictObject({
      candidate: z.string().check(z.maxLength(1024)),
      sdpMid: z.nullable(z.string().check(z.maxLength(64))),
    }),
  }),
  /** Ends the video session, the link stays. */
  videoStop: z.strictObject({ videoStop: z.literal(true) }),
} as const;
const SESSION_NAMES = Object.keys(sessionKinds) as (keyof typeof sessionKinds)[];

export type SessionMessage = z.infer<(typeof sessionKinds)[keyof typeof sessionKinds]>;

export function isSessionMessage(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && SESSION_NAMES.some((name) => Object.hasOwn(value, name))
  );
}

export function checkSessionMessage(value: unknown): Decoded<SessionMessage> {
  return checkOneOf(sessionKinds, SESSION_NAMES, value);
}

export type Role = 'operator' | 'viewer';

/** `GET /api/state`, and every `state` message. */
export interface RobotState extends CommandReport {
  readonly name: string;
  /** Wall clock of the robot, ms since 1970. */
  readonly atMs: number;
  readonly uptimeS: number;
  readonly battery: { readonly volts: number | null; readonly ratio: number | null } | null;
  readonly samples: Samples;
  readonly video: {
    readonly viewers: number;
    readonly state: string;
    readonly bitrateKbps: number;
    /** Set while the camera fails: what to tell the operator. */
    readonly error: string | null;
  };
  readonly viewers: number;
  /** Only where the robot can be watched and driven by Amazon KVS. */
  readonly kvs?: {
    /** Of the robot's place on its signaling channel: stopped, preparing, connecting, open or waiting. */
    readonly state: string;
    readonly viewers: number;
    /** Why viewers can't reach it now: what to tell the operator. */
    readonly error: string | null;
  };
  /** Null where the robot is not to be in the cloud. */
  readonly cloud: CloudStatus | null;
  /** Only in simulation: where the robot stands (metres, radians counter-clockwise) and whether it touches something. */
  readonly pose?: {
    readonly xM: number;
    readonly yM: number;
    readonly headingRad: number;
    readonly bumped: boolean;
  };
}

export interface Hello {
  readonly robot: string;
  readonly version: string;
  readonly you: { readonly id: string; readonly name: string; readonly role: Role };
  readonly watchdogMs: number;
  /** Send the held command again after this long: at least four times a watchdog window. */
  readonly sendEveryMs: number;
  /** Where the simulator's strip is in the picture, null for a real camera. */
  readonly strip: boolean;
  readonly iceServers: readonly {
    readonly urls: readonly string[];
    readonly username?: string;
    readonly credential?: string;
  }[];
}

/** From the robot. Refusals and notices have `code` and `message` at the top. */
export type ServerMessage =
  | { readonly hello: Hello }
  | { readonly state: RobotState }
  /** `robotUs`: CLOCK_MONOTONIC in µs, the clock of the RTP time stamps; `wallMs`: the robot's wall clock. */
  | { readonly pong: { readonly t: number; readonly robotUs: number; readonly wallMs: number } }
  | { readonly answer: { readonly sdp: string } }
  | { readonly candidate: { readonly candidate: string; readonly sdpMid: string | null } }
  | { readonly videoClosed: { readonly code: string; readonly message: string } }
  | { readonly code: string; readonly message: string; readonly seq?: number };
