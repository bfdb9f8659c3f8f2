/** Puts an engine, a camera and viewers in a real browser together, without sessions in between. */
import type { Page } from 'playwright-core';
import { Subscription } from 'rxjs';
import type { Camera } from '../../../firmware/video/camera.ts';
import type { IceCandidate, VideoEngine, VideoPeer } from '../../../firmware/video/engine.ts';
import { type UdpRelay, withoutCandidates } from './udp-relay.ts';
import { openViewerPage, type PageViewers } from './viewer-page.ts';

export interface ViewOptions {
  readonly show?: boolean;
  /** Packets go by this relay. */
  readonly relay?: UdpRelay;
  /** When the robot learns of the viewer's candidates. `never`: only by the viewer's own checks. */
  readonly candidates?: 'trickled' | 'before the offer' | 'after a second' | 'never';
}

export interface View {
  readonly id: string;
  readonly peer: VideoPeer;
  /** The viewer asks the robot to restart ICE. */
  restart(): Promise<void>;
}

export interface Rig {
  readonly viewers: PageViewers;
  view(id: string, options?: ViewOptions): Promise<View>;
  close(): Promise<void>;
}

export async function createRig(page: Page, engine: VideoEngine, camera: Camera): Promise<Rig> {
  const views = new Map<string, View>();
  const waiting = new Map<string, IceCandidate[]>();
  const fromViewer = new Map<string, (candidate: IceCandidate) => void>();
  const subscriptions = new Subscription();
  const viewers = await openViewerPage(page, (id, candidate) => fromViewer.get(id)?.(candidate));

  const view = async (id: string, options: ViewOptions = {}): Promise<View> => {
    const peer = await engine.createPeer({ iceServers: [] });
    const early: IceCandidate[] = [];
    waiting.set(id, early);
    fromViewer.set(id, candidateSink(options.candidates ?? 'trickled', peer, early));
    const toViewer: IceCandidate[] = [];
    let answered = false;
    const tell = (candidate: IceCandidate) => {
      if (answered) viewers.candidate(id, candidate).catch(() => {});
      else toViewer.push(candidate);
    };
    subscriptions.add(
      peer.localCandidates$.subscribe(async (candidate) => {
        const told = options.relay ? await options.relay.wrap(candidate) : candidate;
        if (told) tell(told);
      }),
    );
    subscriptions.add(feed(camera, peer));
    subscriptions.add(
      peer.data$.subscribe((text) => {
        if (text === 'clock') peer.sendData(String(Number(process.hrtime.bigint()) / 1e6));
      }),
    );

    const negotiate = async (offer: string) => {
      const answer = await peer.answer(offer);
      await viewers.answer(id, options.relay ? withoutCandidates(answer) : answer);
      answered = true;
      for (const candidate of toViewer.splice(0)) tell(candidate);
    };
    const offer = await viewers.open(id, { show: options.show ?? false });
    if (options.candidates === 'before the offer') {
      await until('the viewer has candidates', async () => early.length > 0);
    }
    for (const candidate of early.splice(0)) peer.addCandidate(candidate);
    const strip = options.relay || (options.candidates ?? 'trickled') !== 'trickled';
    await negotiate(strip ? withoutCandidates(offer) : offer);
    const made: View = {
      id,
      peer,
      restart: async () => {
        answered = false;
        await negotiate(await viewers.restart(id));
      },
    };
    views.set(id, made);
    return made;
  };

  return {
    viewers,
    view,
    close: async () => {
      subscriptions.unsubscribe();
      await Promise.all([...views.values()].map(({ peer }) => peer.close()));
    },
  };
}

function candidateSink(when: ViewOptions['candidates'], peer: VideoPeer, early: IceCandidate[]) {
  return (candidate: IceCandidate) => {
    if (when === 'trickled') peer.addCandidate(candidate);
    else if (when === 'before the offer') early.push(candidate);
    else if (when === 'after a second') setTimeout(() => peer.addCandidate(candidate), 1000);
  };
}

/** As the sessions do: nothing before a key frame, and a key frame when the viewer connects or asks. */
function feed(camera: Camera, peer: VideoPeer): Subscription {
  let gated = true;
  const subscription = camera.accessUnits$.subscribe((unit) => {
    if (gated && !unit.keyFrame) return;
    gated = !peer.sendFrame(unit);
  });
  subscription.add(peer.state$.subscribe((state) => state === 'connected' && camera.requestKeyFrame()));
  subscription.add(peer.keyFrameRequests$.subscribe(() => camera.requestKeyFrame()));
  return subscription;
}

/** @throws Error naming what did not come true in time */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<number> {
  const startedMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedMs > timeoutMs) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - startedMs;
}
