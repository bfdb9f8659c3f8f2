import type { Page } from 'playwright-core';
import type { IceCandidate } from '../../../firmware/video/engine.ts';
import type { VideoClosed, VideoSession, VideoSessions } from '../../../firmware/video/sessions.ts';
import { openViewerPage } from './viewer-page.ts';

/** A viewer in a page of its own, connected by a session as a signaling link does it. */
export async function watch(sessions: VideoSessions, id: string, page: Page) {
  let session: VideoSession | null = null;
  const closed: VideoClosed[] = [];
  const viewers = await openViewerPage(page, (_id, candidate) => session?.candidate(candidate));
  const toViewer: IceCandidate[] = [];
  let answered = false;
  session = sessions.open(id, {
    candidate: (candidate) => {
      if (answered) viewers.candidate('v', candidate).catch(() => {});
      else toViewer.push(candidate);
    },
    data: () => {},
    dataOpen: () => {},
    closed: (reason) => closed.push(reason),
  });
  await viewers.answer('v', await session.offer(await viewers.open('v')));
  answered = true;
  for (const candidate of toViewer) await viewers.candidate('v', candidate);
  return { closed, page, decoded: async () => (await viewers.stats('v')).framesDecoded };
}
