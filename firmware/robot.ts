import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { merge, type Subscription } from 'rxjs';
import { packageRoot } from '../config/paths.ts';
import { isSimulated } from '../config/rules.ts';
import type { Config } from '../config/schema.ts';
import type { CloudLink } from './cloud-link/cloud-link.ts';
import { openCloudLink } from './cloud-link/open-cloud-link.ts';
import type { RemoteSettings } from './cloud-link/remote-settings.ts';
import { heedGuardian } from './command/guarding.ts';
import { type Clock, createPipeline, type Pipeline } from './command/pipeline.ts';
import { guardDrivetrain } from './drive/guarded-drivetrain.ts';
import { openLeds } from './drive/leds.ts';
import { openDrivetrain } from './drive/open.ts';
import { createSimulator, type Simulator } from './simulator/simulator.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { openSensors } from './telemetry/open.ts';
import { sampleFaults } from './telemetry/rules.ts';
import { createTelemetry } from './telemetry/telemetry.ts';
import type { RobotAccess } from './teleop/robot-access.ts';
import { startTeleop } from './teleop/server.ts';
import { openTokenStore } from './teleop/tokens.ts';
import type { RobotState } from './teleop/wire.ts';
import { VERSION } from './version.ts';
import type { Camera, CameraStatus } from './video/camera.ts';
import { chooseSource } from './video/capture-source.ts';
import { createNativeCamera } from './video/native-camera.ts';
import { openEngine } from './video/open-engine.ts';
import { createVideoSessions } from './video/sessions.ts';

/** The code printed where the robot was started is for the person who stands there. */
const PAIRING_CODE_MS = 15 * 60_000;
/** Commands a watchdog window that a page sends at least, and one for good measure. */
const COMMANDS_PER_WINDOW = 5;

export interface Robot {
  /** Where its server listens, `http://localhost:8080`. */
  readonly url: string;
  /** The same with what pairs the page: a token on this machine alone, else a code for one device. */
  readonly address: string;
  readonly pipeline: Pipeline;
  state(): RobotState;
  /** Takes over what may change while it runs, config/live.ts; the rest of it has to be as it was. */
  configure(config: Config): void;
  /** Tells the service manager, sd_notify(3). Nothing where there is none. */
  notify(text: string): void;
  /** Stops the motors first, then closes every part in the reverse order of its making. */
  close(): Promise<void>;
}

export interface RobotDeps {
  readonly logger: Logger;
  readonly clock?: Clock;
}

const machineClock: Clock = { nowMs: () => performance.now(), wallMs: () => Date.now() };

/**
 * Builds every part and starts it. The one place where parts meet.
 * @throws Error when something it needs is missing or taken; nothing stays open then
 */
export async function startRobot(
  config: Config,
  { logger, clock = machineClock }: RobotDeps,
): Promise<Robot> {
  const closers: (() => Promise<void> | void)[] = [];
  const closing = (close: () => Promise<void> | void) => void closers.push(close);
  const close = async () => {
    for (let next = closers.pop(); next; next = closers.pop()) {
      try {
        await next();
      } catch (error) {
        logger.error({ err: error }, 'a part did not close cleanly');
      }
    }
  };
  try {
    return { ...(await assemble(config, logger, clock, closing)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(
  config: Config,
  logger: Logger,
  clock: Clock,
  closing: (close: () => Promise<void> | void) => void,
): Promise<Omit<Robot, 'close'>> {
  const startedMs = clock.nowMs();
  const tokens = openTokenStore(config.robot.stateDir, clock.wallMs);

  const simulator = isSimulated(config) ? createSimulator(config.simulator, clock.nowMs()) : null;
  const bare = simulator?.drivetrain ?? (await openDrivetrain(config, { logger }));
  closing(() => (simulator ?? bare).close());
  const guarded = await guardDrivetrain(bare, {
    stateDir: config.robot.stateDir,
    timeoutMs: config.drive.guardianTimeoutMs,
    nowMs: clock.nowMs,
    notifies: process.env.NOTIFY_SOCKET !== undefined,
  });
  const drivetrain = guarded ?? bare;
  closing(() => drivetrain.close());
  let own = config;
  let remote: RemoteSettings | null = null;
  const settings = () => coreSettings(config, own, remote);
  const pipeline = createPipeline({
    drivetrain,
    settings: settings(),
    writeTimeoutMs: config.drive.writeTimeoutMs,
    clock,
  });
  closing(() => pipeline.close());
  if (guarded) closing(subscription(heedGuardian(pipeline, guarded, logger)));
  if (simulator) closing(subscription(runSimulator(simulator, pipeline)));
  else closing(await runLeds(pipeline, () => connections()));

  let connections = () => 0;
  const sensors = await openSensors(config, {
    logger,
    nowMs: clock.nowMs,
    simulated: simulator?.sensors ?? null,
  });
  closing(() => sensors.close());
  const telemetry = createTelemetry({ sensors: sensors.all, everyMs: config.telemetry.everyMs, logger });
  closing(() => telemetry.close());
  const faults$ = merge(sensors.faults$, sampleFaults(telemetry.samples$, config.limits, clock.nowMs));
  closing(subscription(faults$.subscribe(({ code, active }) => pipeline.fault(code, active))));

  const video = config.video.enabled ? openVideo(config, simulator, logger, clock) : null;
  let cameraStatus: CameraStatus = { state: 'idle' };
  if (video) {
    closing(() => video.camera.close());
    closing(() => video.engine.close());
    closing(() => video.sessions.close());
    closing(
      subscription(
        video.camera.status$.subscribe((status) => {
          cameraStatus = status;
          const failed = status.state === 'failed';
          pipeline.fault('camera_failed', failed, failed ? status.error.message : undefined);
        }),
      ),
    );
  }

  let cloud: CloudLink | null = null;
  let kvsStatus: (() => NonNullable<RobotState['kvs']>) | null = null;
  const state = (): RobotState => {
    const samples = telemetry.latest();
    const { batteryVolts = null, batteryRatio = null } = samples;
    return {
      name: config.robot.name,
      atMs: clock.wallMs(),
      uptimeS: Math.round((clock.nowMs() - startedMs) / 1000),
      ...pipeline.report(),
      battery:
        batteryVolts === null && batteryRatio === null ? null : { volts: batteryVolts, ratio: batteryRatio },
      samples,
      video: {
        viewers: video?.sessions.viewers ?? 0,
        state: video ? cameraStatus.state : 'off',
        bitrateKbps: video?.sessions.status().bitrateKbps ?? 0,
        error: cameraStatus.state === 'failed' ? cameraStatus.error.message : null,
      },
      viewers: connections(),
      cloud: cloud?.status() ?? null,
      ...(kvsStatus ? { kvs: kvsStatus() } : {}),
      ...(simulator && { pose: simulator.pose() }),
    };
  };

  const metrics = createMetrics({
    robot: config.robot.name,
    version: VERSION,
    report: () => pipeline.report(),
    samples: () => telemetry.latest(),
    connections: () => connections(),
    video: () => state().video,
    cloud: () => cloud?.status() ?? null,
  });

  cloud = await openCloudLink(config, {
    pipeline,
    state,
    apply(wanted) {
      remote = wanted;
      pipeline.configure(settings());
      const { enabled, maxBitrateKbps: maxKbps } = wanted.video;
      video?.sessions.configure({ enabled, maxKbps });
    },
    countRefusal: metrics.countRefusal,
    clock,
    logger,
  });
  closing(() => cloud?.close());

  const access: RobotAccess = {
    pipeline,
    tokens,
    video: video?.sessions ?? null,
    hello: {
      robot: config.robot.name,
      version: VERSION,
      watchdogMs: config.command.watchdogMs,
      sendEveryMs: Math.floor(config.command.watchdogMs / COMMANDS_PER_WINDOW),
      strip: video?.simulated ?? false,
      iceServers: config.video.iceServers,
    },
    state,
    limits: config.limits,
    metrics,
    clock,
    logger,
  };
  const server = await startTeleop(access, {
    ...config.teleop,
    tls: readTls(config.teleop),
    pageDir: join(packageRoot(), 'dist/page'),
  });
  closing(() => server.close());
  connections = () => server.connections;

  if (video && config.cloud.video && config.cloud.credentialsEndpoint !== '') {
    const { openKvs } = await import('./cloud-link/kvs/open.ts');
    const kvs = openKvs(config, { ...access, video: video.sessions });
    closing(() => kvs.close());
    kvsStatus = kvs.status;
  }

  return {
    url: server.address,
    address: `${server.address}/#${admission(config, tokens)}`,
    pipeline,
    state,
    configure(next) {
      own = next;
      pipeline.configure(settings());
    },
    notify: (text) => guarded?.guardian.notify(text),
  };
}

/**
 * The core's settings by the configuration as it is now, under what the cloud has set.
 * @param started the configuration that the cloud's settings were measured by
 */
function coreSettings(started: Config, { drive, command, limits }: Config, remote: RemoteSettings | null) {
  const settings = { ...drive, ...command, limits };
  if (remote === null) return settings;
  // One as high as allowed is none of the cloud's.
  const limited = remote.maxRatio < started.drive.maxRatio;
  const maxRatio = limited ? Math.min(remote.maxRatio, drive.maxRatio) : drive.maxRatio;
  return { ...settings, maxRatio, watchdogMs: remote.watchdogMs };
}

function runSimulator(simulator: Simulator, pipeline: Pipeline): Subscription {
  let bumped = false;
  return pipeline.ticks$.subscribe((nowMs) => {
    simulator.advance(nowMs);
    simulator.setAppliedSeq(pipeline.report().appliedSeq);
    const pose = simulator.pose();
    if (pose.bumped !== bumped) pipeline.fault('bumped', pose.bumped);
    bumped = pose.bumped;
  });
}

/** The LEDs of an Explorer HAT, where there are any. */
async function runLeds(pipeline: Pipeline, connections: () => number): Promise<() => Promise<void>> {
  const leds = await openLeds();
  const following = pipeline.ticks$.subscribe(() => {
    const { wheels, reasons } = pipeline.report();
    leds.show({
      moving: wheels.left !== 0 || wheels.right !== 0,
      barred: reasons.some(({ severity }) => severity === 'stop' || severity === 'estop'),
      connections: connections(),
    });
  });
  return () => {
    following.unsubscribe();
    return leds.close();
  };
}

function openVideo(config: Config, simulator: Simulator | null, logger: Logger, clock: Clock) {
  const chosen = chooseSource(config.video, simulator?.producer ?? null);
  const camera: Camera = createNativeCamera({
    ...config.video,
    ...chosen,
    logger,
  });
  const engine = openEngine(config, logger);
  const { minBitrateKbps, maxBitrateKbps, bitrateKbps, maxViewers, iceServers } = config.video;
  const sessions = createVideoSessions({
    camera,
    engine,
    maxViewers,
    iceServers,
    bitrate: { minKbps: minBitrateKbps, maxKbps: maxBitrateKbps, startKbps: bitrateKbps },
    nowMs: clock.nowMs,
    logger,
  });
  return { camera, engine, sessions, simulated: chosen.source.kind === 'pushed' };
}

function readTls({ tlsCert, tlsKey }: Config['teleop']): { cert: string; key: string } | null {
  return tlsCert ? { cert: readFileSync(tlsCert, 'utf8'), key: readFileSync(tlsKey, 'utf8') } : null;
}

function admission(config: Config, tokens: ReturnType<typeof openTokenStore>): string {
  const local = ['127.0.0.1', '::1', 'localhost'].includes(config.teleop.host);
  return local
    ? `token=${tokens.mint({ name: 'console', role: 'operator', kind: 'console' }).token}`
    : `pair=${tokens.createPairingCode({ role: 'operator', ttlMs: PAIRING_CODE_MS })}`;
}

function subscription(one: Subscription): () => void {
  return () => one.unsubscribe();
}
