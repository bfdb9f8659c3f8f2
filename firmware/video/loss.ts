import type { RtcpFeedback } from './rtcp.ts';

const MAX_NACKED = 4096;

/**
 * What was lost on the way. Packets are sent again within the same stream (RFC 4588's own stream for them is not
 * used), so that a receiver's reports count those as received and hide the loss; its NACKs tell of them.
 */
export class LossMeter {
  readonly #nacked = new Set<number>();
  #highestSequence: number | null = null;

  /** Share of packets lost since the last report, 0..1; null where this feedback ends no such interval. */
  read(feedback: RtcpFeedback): number | null {
    for (const sequence of feedback.nacked) {
      if (this.#nacked.size < MAX_NACKED) this.#nacked.add(sequence);
    }
    if (feedback.lossRatio === null) return null;
    const before = this.#highestSequence;
    const expected = before === null ? 0 : (feedback.highestSequence - before) | 0;
    const nackedRatio = expected > 0 ? Math.min(1, this.#nacked.size / expected) : 0;
    this.#highestSequence = feedback.highestSequence;
    this.#nacked.clear();
    return Math.max(feedback.lossRatio, nackedRatio);
  }
}
