import type { OutboundMessage } from './broker.ts';
import type { Topics } from './topics.ts';

/**
 * What `<name>/status` says, retained. Times are by the robot's wall clock; the last will, which the broker keeps
 * from the connection's beginning, has none.
 */
export type Status =
  | { readonly state: 'online'; readonly version: string; readonly atMs: number }
  | { readonly state: 'offline'; readonly atMs?: number };

export function statusMessage({ status: topic }: Topics, status: Status): OutboundMessage {
  return { topic, payload: JSON.stringify(status), retain: true };
}
