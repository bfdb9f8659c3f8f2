import { asyncScheduler, auditTime, interval, merge, type SchedulerLike, type Subscription } from 'rxjs';
import { Buckets } from '../../teleop/bucket.ts';
import type { RobotAccess } from '../../teleop/robot-access.ts';
import type { ServerMessage } from '../../teleop/wire.ts';
import type { IceCandidate, IceServer } from '../../video/engine.ts';
import { readCandidate } from '../../video/ice.ts';
import { readOffer } from '../../video/sdp.ts';
import type { VideoSession } from '../../video/sessions.ts';
import type { Incoming, Outgoing } from './messages.ts';
import { ViewerLink, type ViewerLinkOptions } from './viewer-link.ts';

/** A robot whose video is on. */
export type WatchedRobot = RobotAccess & { readonly video: NonNullable<RobotAccess['video']> };

export interface ViewersOptions extends ViewerLinkOptions {
  readonly stateEveryMs: number;
  readonly iceServers: () => Promise<readonly IceServer[]>;
  readonly send: (message: Outgoing) => void;
  readonly scheduler?: SchedulerLike;
}

/** Candidates that came before their offer. */
const MAX_HELD_CANDIDATES = 64;
const HELD_FOR_MS = 30_000;
/** Clients that may have sent candidates and no offer; as many viewers as the service lets on a channel, and some. */
const MAX_CLIENTS = 32;
/** Offers of one client: each makes a connection. */
const OFFERS_PER_S = 0.5;
const OFFER_BURST = 5;
const CHECK_EVERY_MS = 1000;
/** Changes that come together are told together. */
const GATHER_MS = 5;

interface Client {
  readonly id: string;
  held: { readonly candidate: IceCandidate; readonly ufrag: string | null }[];
  heardMs: number;
  /** Counts offers: of several only the latest is answered. */
  offers: number;
  current: {
    readonly session: VideoSession;
    readonly link: ViewerLink;
    /** `o=` of the viewer's offers: another one is another connection. */
    readonly sessionId: string;
    ufrag: string;
  } | null;
}

/** The viewers on the robot's signaling channel: an offer of each makes a video session, its data channel a link. */
export class KvsViewers {
  readonly #robot: WatchedRobot;
  readonly #options: ViewersOptions;
  readonly #clients = new Map<string, Client>();
  readonly #offers = new Buckets(OFFERS_PER_S, OFFER_BURST, 256);
  readonly #subscriptions: Subscription[];

  constructor(robot: WatchedRobot, options: ViewersOptions) {
    this.#robot = robot;
    this.#options = options;
    const { scheduler = asyncScheduler } = options;
    const changed$ = robot.pipeline.changes$.pipe(auditTime(GATHER_MS, scheduler));
    this.#subscriptions = [
      merge(interval(options.stateEveryMs, scheduler), changed$).subscribe(() => this.#tellState()),
      interval(CHECK_EVERY_MS, scheduler).subscribe(() => this.#check()),
    ];
  }

  /** Open sessions. */
  get size(): number {
    return [...this.#clients.values()].filter(({ current }) => current !== null).length;
  }

  receive(message: Incoming & { readonly type: 'offer' | 'candidate' }): void {
    const client = this.#client(message.clientId);
    if (!client) return;
    if (message.type === 'candidate') this.#onCandidate(client, message.candidate);
    else void this.#onOffer(client, message.sdp);
  }

  async close(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    const clients = [...this.#clients.values()];
    this.#clients.clear();
    await Promise.all(clients.map((client) => this.#drop(client)));
  }

  #client(id: string): Client | null {
    const nowMs = this.#robot.clock.nowMs();
    let client = this.#clients.get(id);
    if (!client) {
      if (this.#clients.size >= MAX_CLIENTS) {
        this.#robot.logger.warn('message from one more KVS viewer ignored: there are too many');
        return null;
      }
      client = { id, held: [], heardMs: nowMs, offers: 0, current: null };
      this.#clients.set(id, client);
    }
    client.heardMs = nowMs;
    return client;
  }

  /** What does not belong to the connection there is waits for the offer of one that is to come. */
  #onCandidate(client: Client, candidate: IceCandidate): void {
    const ufrag = readCandidate(candidate.candidate)?.ufrag ?? null;
    const { current } = client;
    if (current && (ufrag === null || ufrag === current.ufrag)) return current.session.candidate(candidate);
    client.held.push({ candidate, ufrag });
    if (client.held.length > MAX_HELD_CANDIDATES) client.held.shift();
  }

  async #onOffer(client: Client, sdp: string): Promise<void> {
    const { logger, clock } = this.#robot;
    if (!this.#offers.take(client.id, clock.nowMs())) {
      return logger.warn({ viewer: client.id }, 'offer ignored: this viewer sends too many');
    }
    client.offers += 1;
    const turn = client.offers;
    let opened: Client['current'] = null;
    try {
      const { sessionId, iceUfrag } = readOffer(sdp);
      const known = client.current?.sessionId === sessionId;
      const iceServers = known ? [] : await this.#options.iceServers();
      if (turn !== client.offers || !this.#clients.has(client.id)) return;
      if (!known) {
        void this.#drop(client);
        opened = this.#open(client, sessionId, iceUfrag, iceServers);
        client.current = opened;
      }
      const { current } = client;
      if (!current) return;
      current.ufrag = iceUfrag;
      const answer = current.session.offer(sdp);
      for (const { candidate, ufrag } of client.held.splice(0)) {
        if (ufrag === null || ufrag === iceUfrag) current.session.candidate(candidate);
      }
      const answerSdp = await answer;
      if (client.current === current) {
        this.#options.send({ type: 'answer', clientId: client.id, sdp: answerSdp });
      }
    } catch (error) {
      // There is no message by which a master could refuse; the viewer gives up by itself.
      const { code = 'engine_failed', message } = error as { code?: string; message: string };
      logger.warn({ viewer: client.id, code }, `KVS viewer refused: ${message}`);
      if (opened !== null && client.current === opened) void this.#drop(client);
    }
  }

  #open(
    client: Client,
    sessionId: string,
    ufrag: string,
    iceServers: readonly IceServer[],
  ): NonNullable<Client['current']> {
    const id = `kvs ${client.id}`;
    let open = true;
    const link = new ViewerLink(id, this.#robot, this.#options, (text) => session.sendData(text));
    const session: VideoSession = this.#robot.video.open(
      id,
      {
        candidate: (candidate) => {
          if (open) this.#options.send({ type: 'candidate', clientId: client.id, candidate });
        },
        data: (text) => link.receive(text),
        dataOpen: (isOpen) => {
          if (!isOpen) link.interrupted();
        },
        connected: (isConnected) => {
          if (!isConnected) link.interrupted();
        },
        closed: () => {
          open = false;
          link.close();
          if (client.current?.session === session) client.current = null;
        },
      },
      iceServers,
    );
    return { session, link, sessionId, ufrag };
  }

  async #drop(client: Client): Promise<void> {
    const { current } = client;
    client.current = null;
    current?.link.close();
    await current?.session.close();
  }

  #tellState(): void {
    const links = [...this.#clients.values()].flatMap(({ current }) =>
      current?.link.admitted ? [current.link] : [],
    );
    if (links.length === 0) return;
    const text = JSON.stringify({ state: this.#robot.state() } satisfies ServerMessage);
    for (const link of links) link.tell(text);
  }

  #check(): void {
    const nowMs = this.#robot.clock.nowMs();
    for (const client of this.#clients.values()) {
      client.current?.link.check();
      if (nowMs - client.heardMs < HELD_FOR_MS) continue;
      client.held = [];
      if (!client.current) this.#clients.delete(client.id);
    }
  }
}
