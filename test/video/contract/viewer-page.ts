/** The browser's side of the engine tests: RTCPeerConnections in a blank page, driven from here. */
import type { Page } from 'playwright-core';
import type { IceCandidate } from '../../../firmware/video/engine.ts';

export interface ViewerStats {
  readonly state: string;
  readonly framesDecoded: number;
  readonly keyFramesDecoded: number;
  readonly packetsLost: number;
  readonly pliCount: number;
  readonly nackCount: number;
  readonly jitterBufferMs: number;
}

export interface ShownFrame {
  readonly rtpTimestamp: number;
  /** performance.now() of the page in the frame's requestVideoFrameCallback. */
  readonly shownMs: number;
}

interface PageViewer {
  readonly connection: RTCPeerConnection;
  readonly channel: RTCDataChannel;
  readonly startedMs: number;
  readonly messages: string[];
  readonly frames: ShownFrame[];
  firstFrameMs: number | null;
}

declare global {
  interface Window {
    viewers: Map<string, PageViewer>;
    onCandidate: (id: string, candidate: IceCandidate) => void;
  }
}

export interface PageViewers {
  /** Makes the connection and gives its offer. `show` attaches a video element and notes every frame. */
  open(id: string, options?: { readonly show?: boolean }): Promise<string>;
  answer(id: string, sdp: string): Promise<void>;
  candidate(id: string, candidate: IceCandidate): Promise<void>;
  restart(id: string): Promise<string>;
  stats(id: string): Promise<ViewerStats>;
  firstFrameMs(id: string): Promise<number | null>;
  frames(id: string): Promise<ShownFrame[]>;
  send(id: string, text: string): Promise<void>;
  channelState(id: string): Promise<string>;
  messages(id: string): Promise<string[]>;
  close(id: string): Promise<void>;
  /**
   * What to add to the page's performance.now() for CLOCK_MONOTONIC in ms, by the quickest of some round trips
   * over the data channel. The robot answers `clock` with its clock.
   */
  clockOffsetMs(id: string): Promise<number>;
}

export async function openViewerPage(
  page: Page,
  onCandidate: (id: string, candidate: IceCandidate) => void,
): Promise<PageViewers> {
  await page.exposeFunction('onCandidate', onCandidate);
  await page.evaluate(() => {
    window.viewers = new Map();
  });
  return {
    open: (id, options = {}) => page.evaluate(openViewer, { id, show: options.show ?? false }),
    answer: (id, sdp) =>
      page.evaluate(
        ([id, sdp]) => window.viewers.get(id)!.connection.setRemoteDescription({ type: 'answer', sdp }),
        [id, sdp] as const,
      ),
    candidate: (id, candidate) =>
      page.evaluate(([id, candidate]) => window.viewers.get(id)!.connection.addIceCandidate(candidate), [
        id,
        candidate,
      ] as const),
    restart: (id) =>
      page.evaluate(async (id) => {
        const { connection } = window.viewers.get(id)!;
        await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
        return connection.localDescription!.sdp;
      }, id),
    stats: (id) => page.evaluate(readStats, id),
    firstFrameMs: (id) => page.evaluate((id) => window.viewers.get(id)!.firstFrameMs, id),
    frames: (id) => page.evaluate((id) => window.viewers.get(id)!.frames, id),
    send: (id, text) =>
      page.evaluate(([id, text]) => window.viewers.get(id)!.channel.send(text), [id, text] as const),
    channelState: (id) => page.evaluate((id) => window.viewers.get(id)!.channel.readyState, id),
    messages: (id) => page.evaluate((id) => window.viewers.get(id)!.messages, id),
    close: (id) => page.evaluate((id) => window.viewers.get(id)!.connection.close(), id),
    clockOffsetMs: (id) => page.evaluate(measureClock, id),
  };
}

async function openViewer({ id, show }: { id: string; show: boolean }): Promise<string> {
  const connection = new RTCPeerConnection();
  const channel = connection.createDataChannel('drive', { ordered: false, maxRetransmits: 0 });
  const viewer: PageViewer = {
    connection,
    channel,
    startedMs: performance.now(),
    messages: [],
    frames: [],
    firstFrameMs: null,
  };
  window.viewers.set(id, viewer);
  channel.onmessage = ({ data }) => viewer.messages.push(data);
  connection.onicecandidate = ({ candidate }) => {
    if (candidate) window.onCandidate(id, { candidate: candidate.candidate, sdpMid: candidate.sdpMid });
  };
  connection.ontrack = ({ track }) => {
    if (!show) return;
    const video = document.createElement('video');
    video.muted = true;
    video.srcObject = new MediaStream([track]);
    document.body.append(video);
    const note = (_nowMs: number, { rtpTimestamp }: VideoFrameCallbackMetadata) => {
      const shownMs = performance.now();
      viewer.firstFrameMs ??= shownMs - viewer.startedMs;
      viewer.frames.push({ rtpTimestamp: rtpTimestamp ?? 0, shownMs });
      video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
    void video.play();
  };
  connection.addTransceiver('video', { direction: 'recvonly' });
  await connection.setLocalDescription();
  return connection.localDescription!.sdp;
}

async function readStats(id: string): Promise<ViewerStats> {
  const { connection } = window.viewers.get(id)!;
  let inbound: Partial<Record<string, number>> = {};
  for (const report of (await connection.getStats()).values()) {
    if (report.type === 'inbound-rtp') inbound = report;
  }
  const emitted = inbound.jitterBufferEmittedCount ?? 0;
  return {
    state: connection.connectionState,
    framesDecoded: inbound.framesDecoded ?? 0,
    keyFramesDecoded: inbound.keyFramesDecoded ?? 0,
    packetsLost: inbound.packetsLost ?? 0,
    pliCount: inbound.pliCount ?? 0,
    nackCount: inbound.nackCount ?? 0,
    jitterBufferMs: emitted > 0 ? ((inbound.jitterBufferDelay ?? 0) / emitted) * 1000 : 0,
  };
}

async function measureClock(id: string): Promise<number> {
  const { channel } = window.viewers.get(id)!;
  let best = { roundTripMs: Number.POSITIVE_INFINITY, offsetMs: 0 };
  for (let round = 0; round < 30; round += 1) {
    const sentMs = performance.now();
    channel.send('clock');
    const robotMs = await new Promise<number>((resolve) => {
      channel.addEventListener('message', ({ data }) => resolve(Number(data)), { once: true });
    });
    const roundTripMs = performance.now() - sentMs;
    if (roundTripMs < best.roundTripMs) {
      best = { roundTripMs, offsetMs: robotMs - (sentMs + roundTripMs / 2) };
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return best.offsetMs;
}
