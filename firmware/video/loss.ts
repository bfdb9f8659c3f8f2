import type { RtcpFeedback } from './rtcp.ts';

/** Packets kept to be sent again: at 4 Mbit/s the last 1.2 s, and 0.6 MiB a viewer. */
export const KEPT_PACKETS = 512;

const MAX_NACKED = 4096;

/** Fewer packets than this tell nothing: a report comes with every NACK, several a second (as in libwebrtc). */
const MIN_PACKETS = 20;

export interface Loss {
  /** Share of packets lost since it was told last, 0..1; null while too few have come since. */
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
  /** Where the interval under way began. */
  #begin: { readonly highestSequence: number; readonly cumulativeLost: number } | null = null;
  /** The newest sequence number the receiver has spoken of, 16 bits. */
  #newest: number | null = null;

  read(feedback: RtcpFeedback): Loss {
    for (const sequence of feedback.nacked) {
      this.#saw(sequence);
      if (this.#nacked.size < MAX_NACKED) this.#nacked.add(sequence);
    }
    if (feedback.lossRatio !== null) this.#saw(feedback.highestSequence & 0xffff);
    const beyondRepair = feedback.nacked.some((sequence) => this.#behindNewest(sequence) >= KEPT_PACKETS);
    return { lossRatio: feedback.lossRatio === null ? null : this.#interval(feedback), beyondRepair };
  }

  #interval({ highestSequence, cumulativeLost }: RtcpFeedback): number | null {
    const begin = this.#begin;
    const expected = begin === null ? 0 : (highestSequence - begin.highestSequence) | 0;
    // Backwards: the receiver has begun to count anew.
    if (begin !== null && expected >= 0 && expected < MIN_PACKETS) return null;
    const lost = Math.max(cumulativeLost - (begin?.cumulativeLost ?? 0), this.#nacked.size);
    this.#begin = { highestSequence, cumulativeLost };
    this.#nacked.clear();
    return expected > 0 ? Math.min(1, lost / expected) : null;
  }

  #saw(sequence: number): void {
    if (this.#newest === null || this.#behindNewest(sequence) < 0) this.#newest = sequence;
  }

  /** In -32768..32767, since sequence numbers go around. */
  #behindNewest(sequence: number): number {
    return (((this.#newest ?? sequence) - sequence) << 16) >> 16;
  }
}
