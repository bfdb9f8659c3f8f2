import type { RtcpFeedback } from './rtcp.ts';

/** Packets kept to be sent again: at 4 Mbit/s the last 1.2 s, and 0.6 MiB a viewer. */
export const KEPT_PACKETS = 512;

const MAX_NACKED = 4096;

export interface Loss {
  /** Share of packets lost since the last report, 0..1; null where this feedback ends no such interval. */
  readonly lossRatio: number | null;
  /** A packet is asked for that is kept no more: the viewer needs a key frame, but asks only after 3 s (Chromium). */
  readonly beyondRepair: boolean;
}

/**
 * What was lost on the way. Packets are sent again within the same stream (RFC 4588's own stream for them is not
 * used), so that a receiver's reports count those as received and hide the loss; its NACKs tell of them.
 */
export class LossMeter {
  readonly #nacked = new Set<number>();
  #reportedHighest: number | null = null;
  /** The newest sequence number the receiver has spoken of, 16 bits. */
  #newest: number | null = null;

  read(feedback: RtcpFeedback): Loss {
    const { lossRatio, highestSequence, nacked } = feedback;
    for (const sequence of nacked) {
      this.#saw(sequence);
      if (this.#nacked.size < MAX_NACKED) this.#nacked.add(sequence);
    }
    if (lossRatio !== null) this.#saw(highestSequence & 0xffff);
    const beyondRepair = nacked.some((sequence) => this.#behindNewest(sequence) >= KEPT_PACKETS);
    return {
      lossRatio: lossRatio === null ? null : this.#endInterval(lossRatio, highestSequence),
      beyondRepair,
    };
  }

  #endInterval(lossRatio: number, highestSequence: number): number {
    const before = this.#reportedHighest;
    const expected = before === null ? 0 : (highestSequence - before) | 0;
    const nackedRatio = expected > 0 ? Math.min(1, this.#nacked.size / expected) : 0;
    this.#reportedHighest = highestSequence;
    this.#nacked.clear();
    return Math.max(lossRatio, nackedRatio);
  }

  #saw(sequence: number): void {
    if (this.#newest === null || this.#behindNewest(sequence) < 0) this.#newest = sequence;
  }

  /** In -32768..32767, since sequence numbers go around. */
  #behindNewest(sequence: number): number {
    return (((this.#newest ?? sequence) - sequence) << 16) >> 16;
  }
}
