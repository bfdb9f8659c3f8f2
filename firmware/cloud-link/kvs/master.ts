import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import type { Clock } from '../../command/pipeline.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { IceServer } from '../../video/engine.ts';
import type { AwsClock } from '../aws-clock.ts';
import { type ChannelEndpoints, type KvsCalls, KvsError } from './calls.ts';
import { IceServers } from './ice-servers.ts';
import { type Effect, type Event, next, type Problem, type State } from './machine.ts';
import {
  type Incoming,
  MAX_PAYLOAD_CHARACTERS,
  type Outgoing,
  readMessage,
  writeMessage,
} from './messages.ts';
import { Outbox } from './outbox.ts';
import type { OpenSocket, SignalingSocket } from './socket.ts';

export interface MasterOptions {
  readonly channelName: string;
  readonly calls: KvsCalls;
  readonly openSocket: OpenSocket;
  readonly awsClock: AwsClock;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Given to every viewer besides the channel's own. */
  readonly iceServers: readonly IceServer[];
  readonly received: (message: Incoming & { readonly type: 'offer' | 'candidate' }) => void;
  readonly scheduler?: SchedulerLike;
  /** 0..1 */
  readonly random?: () => number;
  readonly logger: Pick<Logger, 'debug' | 'info' | 'warn'>;
}

export interface Master {
  readonly state: State['name'];
  /** What keeps it from its channel, for the operator; null while all is well. */
  readonly problem: Problem | null;
  start(): void;
  /** Sends to a viewer, at once or a moment later. */
  send(message: Outgoing): void;
  /** TURN and STUN servers for a viewer that connects now. */
  iceServers(): Promise<readonly IceServer[]>;
  close(): void;
}

interface Channel {
  readonly arn: string;
  readonly endpoints: ChannelEndpoints;
}

/** AWS allows five minutes; a correction by less is not why it turned a socket away. */
const SKEW_MATTERS_MS = 60_000;

/** The robot's end of its signaling channel. Viewers' connections live on when its socket ends: it only makes them. */
export function createMaster(options: MasterOptions): Master {
  const { calls, channelName, logger } = options;
  const scheduler = options.scheduler ?? asyncScheduler;
  const random = options.random ?? Math.random;
  let state: State = { name: 'stopped' };
  let problem: Problem | null = null;
  let channel: Channel | null = null;
  let socket: SignalingSocket | null = null;
  /** Opening, or the newest one. */
  let latest: SignalingSocket | null = null;
  let waiting: Subscription | null = null;
  /** What was begun before a stop or a newer beginning is over. */
  let generation = 0;
  let sent = 0;
  const outbox = new Outbox((text) => socket?.send(text) ?? false, options.clock.nowMs, scheduler);
  const ice = new IceServers(
    async () => {
      if (!channel) throw new Error('the channel is not known yet');
      return calls.iceServers(channel.arn, channel.endpoints.https);
    },
    options.iceServers,
    options.clock,
    logger,
  );

  function handle(event: Event): void {
    const before = state.name;
    const step = next(state, event, random());
    state = step.state;
    if (state.name !== before)
      logger.debug({ from: before, to: state.name, on: event.type }, 'KVS signaling');
    for (const effect of step.effects) carryOut(effect);
  }

  function carryOut(effect: Effect): void {
    switch (effect.do) {
      case 'prepare':
        return begin((isCurrent) => prepare(isCurrent, effect.afresh));
      case 'connect':
        return begin(connect);
      case 'wait':
        waiting?.unsubscribe();
        waiting = scheduler.schedule(() => handle({ type: 'due' }), effect.ms);
        return;
      case 'report':
        return report(effect.problem);
      case 'disconnect':
        generation += 1;
        waiting?.unsubscribe();
        outbox.close();
        for (const one of new Set([socket, latest])) one?.close();
        socket = null;
        latest = null;
    }
  }

  function begin(work: (isCurrent: () => boolean) => Promise<void>): void {
    generation += 1;
    waiting?.unsubscribe();
    const own = generation;
    const isCurrent = () => own === generation;
    void work(isCurrent).catch((error: unknown) => {
      if (isCurrent()) handle(failureOf(error));
    });
  }

  async function prepare(isCurrent: () => boolean, afresh: boolean): Promise<void> {
    if (afresh || !channel) {
      const arn = await calls.describeChannel(channelName);
      const endpoints = await calls.channelEndpoints(arn);
      if (!isCurrent()) return;
      channel = { arn, endpoints };
    }
    // Not waited for: they are needed with the first viewer, and a master without them still serves those near by.
    void ice.get();
    handle({ type: 'prepared' });
  }

  async function connect(isCurrent: () => boolean): Promise<void> {
    const { arn, endpoints } = channel!;
    // The end of the one before is no news from here on.
    latest = null;
    const url = await calls.socketUrl(arn, endpoints.wss);
    if (!isCurrent()) return;
    const opening: SignalingSocket = options.openSocket(url, {
      opened: () => {
        if (latest !== opening) return opening.close();
        const before = socket;
        socket = opening;
        before?.close();
        handle({ type: 'opened' });
        outbox.flush();
      },
      message: (text) => received(text),
      ended: ({ detail, status, date }) => {
        if (socket === opening) socket = null;
        if (latest !== opening) return;
        latest = null;
        const correctedMs = options.awsClock.observe(date);
        if (status === undefined) return handle({ type: 'closed', detail });
        const skewed = Math.abs(correctedMs) > SKEW_MATTERS_MS;
        const failure =
          status === 403 ? (skewed ? 'skewed' : 'denied') : status === 404 ? 'not_found' : 'unavailable';
        handle({ type: 'failed', failure, detail: `The signaling socket was ${detail}` });
      },
    });
    latest = opening;
  }

  function received(text: string): void {
    const message = readMessage(text);
    switch (message.type) {
      case 'offer':
      case 'candidate':
        return options.received(message);
      case 'goAway':
        logger.info('the signaling service asks to connect anew');
        return handle({ type: 'goAway' });
      case 'reconnectIceServer':
        logger.info('the signaling service asks for other TURN servers');
        return void ice.refresh();
      case 'status':
        return logger.warn({ status: message }, 'a message to a viewer was not delivered');
      case 'ignored':
        return logger.debug({ why: message.why }, 'signaling message ignored');
    }
  }

  function report(found: Problem | null): void {
    if (found && found.code !== problem?.code)
      logger.warn({ code: found.code }, `KVS signaling: ${found.text}`);
    if (!found && problem) logger.info('KVS signaling: the channel is served again');
    problem = found;
  }

  return {
    get state() {
      return state.name;
    },
    get problem() {
      return problem;
    },
    start: () => handle({ type: 'start' }),
    send(message) {
      sent += 1;
      const text = writeMessage(message, `${message.type}-${sent}`);
      if (text.length > MAX_PAYLOAD_CHARACTERS) {
        logger.warn({ characters: text.length }, `${message.type} is too long for the signaling service`);
      } else if (!outbox.push(message.type, text)) {
        logger.warn(`${message.type} dropped: too many messages wait for the signaling service`);
      }
    },
    iceServers: () => ice.get(),
    close: () => handle({ type: 'stop' }),
  };
}

function failureOf(error: unknown): Event {
  const detail = error instanceof Error ? error.message : String(error);
  return { type: 'failed', failure: error instanceof KvsError ? error.failure : 'unavailable', detail };
}
