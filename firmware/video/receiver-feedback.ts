import type { LegEvents } from './leg.ts';
import { LossMeter } from './loss.ts';
import { readRtcp, roundTripMs } from './rtcp.ts';

/** Turns the RTCP packets about one stream into what a leg tells. */
export class ReceiverFeedback {
  readonly #ssrc: number;
  /** Wall clock: sender reports carry it, round trips are taken from it. */
  readonly #wallMs: () => number;
  readonly #loss = new LossMeter();

  constructor(ssrc: number, wallMs: () => number) {
    this.#ssrc = ssrc;
    this.#wallMs = wallMs;
  }

  read(packet: Uint8Array, events: Pick<LegEvents, 'keyFrameWanted' | 'report'>): void {
    const feedback = readRtcp(packet, this.#ssrc);
    const { lossRatio, beyondRepair } = this.#loss.read(feedback);
    const keyFrameRequests = feedback.keyFrameRequests + (beyondRepair ? 1 : 0);
    for (let request = 0; request < keyFrameRequests; request += 1) events.keyFrameWanted();
    const { estimateKbps } = feedback;
    if (lossRatio === null && estimateKbps === null) return;
    events.report({ lossRatio, roundTripMs: roundTripMs(feedback, this.#wallMs()), estimateKbps });
  }
}
