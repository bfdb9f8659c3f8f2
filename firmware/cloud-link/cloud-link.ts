import { asyncScheduler, interval, type SchedulerLike, Subscription } from 'rxjs';
import type { Config } from '../../config/schema.ts';
import type { Clock, Pipeline } from '../command/pipeline.ts';
import type { CloudStatus } from '../telemetry/cloud-status.ts';
import type { Logger } from '../telemetry/log.ts';
import type { RobotState } from '../teleop/wire.ts';
import { VERSION } from '../version.ts';
import { Actions } from './actions.ts';
import type { Broker, InboundMessage } from './broker.ts';
import { LinkProof } from './proof.ts';
import { decideSettings, ownSettings, type RemoteSettings } from './remote-settings.ts';
import { Shadow } from './shadow.ts';
import { statusMessage } from './status.ts';
import { TelemetryFeed } from './telemetry-feed.ts';
import { telemetrySample } from './telemetry-sample.ts';
import { type Topics, topicsOf } from './topics.ts';

export interface CloudLinkDeps {
  readonly pipeline: Pick<Pipeline, 'send' | 'linkClosed' | 'report'>;
  readonly state: () => RobotState;
  readonly apply: (settings: RemoteSettings) => void;
  readonly countRefusal: (code: string) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly scheduler?: SchedulerLike;
}

export interface CloudLink {
  status(): CloudStatus;
  /** Says goodbye on the status topic and disconnects; at most about a second. */
  close(): Promise<void>;
}

/** Round trips and kept telemetry are looked after this often. */
const CHORES_EVERY_MS = 50;

export function thingNameOf({ cloud, robot }: Config): string {
  return cloud.thingName || robot.name;
}

/** Everything the robot does over one broker; the way there and back is the broker's. */
export function createCloudLink(config: Config, broker: Broker, deps: CloudLinkDeps): CloudLink {
  const { clock, logger, pipeline } = deps;
  const topics = topicsOf(thingNameOf(config));
  const all = config.cloud.topics === 'all';
  const proof = new LinkProof(config.command.maxAgeMs);
  const actions = new Actions({
    pipeline,
    clock,
    proof,
    maxAgeMs: config.command.maxAgeMs,
    messagesPerS: config.teleop.messagesPerS,
    messageBurst: config.teleop.messageBurst,
    countRefusal: deps.countRefusal,
    logger,
  });
  const feed = new TelemetryFeed({
    ...config.cloud,
    publish: (payload) => broker.publish({ topic: topics.telemetry, payload }),
  });
  const shadow = all ? createShadow(config, topics, broker, deps) : null;

  let state: CloudStatus['state'] = 'connecting';
  let sinceMs = clock.wallMs();
  let connections = 0;
  let lastError: string | null = null;

  const enter = (next: CloudStatus['state']) => {
    if (next !== state) sinceMs = clock.wallMs();
    state = next;
    feed.connection(next === 'connected');
    proof.reset();
  };

  const greet = async () => {
    const attempt = connections;
    await broker.subscribe([topics.action]);
    prove();
    if (!all) return;
    await broker.publish(statusMessage(topics, { state: 'online', version: VERSION, atMs: clock.wallMs() }));
    if (attempt === connections) await shadow?.connected();
  };

  const connected = () => {
    connections += 1;
    enter('connected');
    logger.info({ connections }, 'cloud link connected');
    greet().catch((error: Error) => {
      lastError = error.message;
      logger.warn(`cloud link: ${error.message}`);
    });
  };

  const disconnected = (why: string) => {
    const news = state === 'connected' || why !== lastError;
    lastError = why;
    enter('connecting');
    actions.linkLost();
    if (news) logger.warn(`cloud link: ${why}`);
  };

  const message = (inbound: InboundMessage) => {
    if (inbound.topic === topics.action) actions.receive(inbound);
    else shadow?.receive(inbound);
    if (proof.due(clock.nowMs())) prove();
  };

  const prove = () => {
    if (state !== 'connected') return;
    const begunMs = clock.nowMs();
    proof.begin(begunMs);
    broker.roundTrip().then(
      () => proof.cameBack(begunMs, clock.nowMs()),
      () => proof.gaveUp(begunMs, clock.nowMs()),
    );
  };

  const status = (): CloudStatus => ({
    state,
    sinceMs,
    connections,
    lastError,
    commands: actions.counts,
    telemetry: feed.counts,
  });

  const scheduler = deps.scheduler ?? asyncScheduler;
  const work = new Subscription();
  work.add(
    interval(CHORES_EVERY_MS, scheduler).subscribe(() => {
      if (proof.due(clock.nowMs())) prove();
      void feed.replay(clock.nowMs());
    }),
  );
  work.add(
    interval(config.cloud.telemetryEveryMs, scheduler).subscribe(
      () => void feed.add(telemetrySample(deps.state())),
    ),
  );
  broker.start({ connected, disconnected, message });

  return {
    status,
    async close() {
      work.unsubscribe();
      actions.linkLost();
      await broker.close(all ? statusMessage(topics, { state: 'offline', atMs: clock.wallMs() }) : null);
    },
  };
}

function createShadow(config: Config, topics: Topics, broker: Broker, deps: CloudLinkDeps): Shadow {
  return new Shadow({
    topics: topics.shadow,
    broker,
    settings: ownSettings(config),
    decide: (desired, before) => decideSettings(desired, config, before),
    apply: deps.apply,
    logger: deps.logger,
  });
}
