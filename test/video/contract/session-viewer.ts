import type { Page } from 'playwright-core';
import type { IceCandidate } from '../../../firmware/video/engine.ts';
import type { VideoClosed, VideoSession, VideoSessions } from '../../../firmware/video/sessions.ts';
import { type UdpRelay, withoutCandidates } from './udp-relay.ts';
import { openViewerPage } from './viewer-page.ts';

export const SESSIONS = {
  iceServers: [],
  bitrate: { minKbps: 200, maxKbps: 4000, startKbps: 1500 },
  nowMs: () => performance.now(),
};

/** A viewer in a page of its own, connected by a session as a signaling link does it; its packets by `relay`. */
export async function watch(
  sessions: VideoSessions,
  id: string,
  page: Page,
  {
    relay,
    show = false,
    onData = () => {},
  }: { readonly relay?: UdpRelay; readonly show?: boolean; readonly onData?: (text: string) => void } = {},
) {
  let session: VideoSession | null = null;
  const closed: VideoClosed[] = [];
  const viewers = await openViewerPage(page, (_id, candidate) => {
    if (!relay) session?.candidate(candidate);
  });
  const toViewer: IceCandidate[] = [];
  let answered = false;
  session = sessions.open(id, {
    candidate: async (candidate) => {
      const told = relay ? await relay.wrap(candidate) : candidate;
      if (told && answered) viewers.candidate('v', told).catch(() => {});
      else if (told) toViewer.push(told);
    },
    data: (text) => {
      onData(text);
      if (text === 'clock') session?.sendData(String(Number(process.hrtime.bigint()) / 1e6));
    },
    dataOpen: () => {},
    closed: (reason) => closed.push(reason),
  });
  const offer = await viewers.open('v', { show });
  const answer = await session.offer(relay ? withoutCandidates(offer) : offer);
  await viewers.answer('v', relay ? withoutCandidates(answer) : answer);
  answered = true;
  for (const candidate of toViewer) await viewers.candidate('v', candidate);
  return { session, closed, page: viewers, decoded: async () => (await viewers.stats('v')).framesDecoded };
}
