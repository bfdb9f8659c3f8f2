import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { loadConfig } from '../../config/load.ts';
import type { CloudLink } from '../../firmware/cloud-link/cloud-link.ts';
import type { Identity } from '../../firmware/cloud-link/identity.ts';
import { openCloudLink } from '../../firmware/cloud-link/open-cloud-link.ts';
import type { RemoteSettings } from '../../firmware/cloud-link/remote-settings.ts';
import { createPipeline, type Pipeline } from '../../firmware/command/pipeline.ts';
import type { CommandReport } from '../../firmware/command/report.ts';
import { isStill } from '../../firmware/command/writer.ts';
import type { Drivetrain } from '../../firmware/drive/drivetrain.ts';
import type { RobotState } from '../../firmware/teleop/wire.ts';

export interface LinkedRobot {
  readonly link: CloudLink;
  readonly pipeline: Pipeline;
  /** What the wheels were set to, in order; stops not among them. */
  readonly sets: readonly { readonly left: number; readonly right: number }[];
  readonly applied: readonly RemoteSettings[];
  readonly refusals: ReadonlyMap<string, number>;
  readonly log: readonly { readonly msg: string }[];
  still(): boolean;
  counters(): CommandReport['counters'];
  close(): Promise<void>;
}

/** A pipeline over wheels that note what they are told, linked to a broker on loopback with files as on a robot. `turned` is called with every `set`. */
export async function linkRobot(
  name: string,
  port: number,
  identity: Identity,
  overrides: Readonly<Record<string, unknown>> = {},
  turned: () => void = () => undefined,
): Promise<LinkedRobot> {
  const folder = mkdtempSync(join(tmpdir(), 'roverd-linked-'));
  const certs = join(folder, 'certs');
  mkdirSync(certs);
  writeFileSync(join(certs, 'certificate.pem'), identity.certificate);
  writeFileSync(join(certs, 'private.pem.key'), identity.privateKey, { mode: 0o600 });
  writeFileSync(join(certs, 'cacert.pem'), identity.ca);
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify({ robot: { name }, cloud: { endpoint: `127.0.0.1:${port}` } }));
  const { config } = loadConfig({
    file,
    overrides: { 'cloud.keepAliveS': 5, 'drive.rampPerS': 100, 'robot.stateDir': folder, ...overrides },
  });

  const sets: { left: number; right: number }[] = [];
  const drivetrain: Drivetrain = {
    async set(left, right) {
      sets.push({ left, right });
      turned();
    },
    async stop() {},
    async close() {},
    describe: () => ({ name: 'noting', capabilities: { brake: false, reverse: true }, silence: [] }),
  };
  const clock = { nowMs: () => performance.now(), wallMs: () => Date.now() };
  const own = { ...config.drive, ...config.command, limits: config.limits };
  const pipeline = createPipeline({
    drivetrain,
    settings: own,
    writeTimeoutMs: 1_000,
    clock,
  });
  const applied: RemoteSettings[] = [];
  const refusals = new Map<string, number>();
  const log: { msg: string }[] = [];
  const state = (): RobotState => ({
    name,
    atMs: clock.wallMs(),
    uptimeS: 1,
    ...pipeline.report(),
    battery: null,
    samples: { cpuCelsius: 40 },
    video: { viewers: 0, state: 'idle', bitrateKbps: 0, error: null },
    viewers: 0,
    cloud: null,
  });
  const link = await openCloudLink(
    config,
    {
      pipeline,
      state,
      apply: (settings) => {
        applied.push(settings);
        const { maxRatio, watchdogMs } = settings;
        pipeline.configure({ ...own, maxRatio, watchdogMs });
      },
      countRefusal: (code) => refusals.set(code, (refusals.get(code) ?? 0) + 1),
      clock,
      logger: pino({ level: 'debug' }, { write: (line) => log.push(JSON.parse(line)) }),
    },
    { minMs: 100, maxMs: 400 },
  );
  return {
    link: link!,
    pipeline,
    sets,
    applied,
    refusals,
    log,
    still: () => isStill(pipeline.report().wheels),
    counters: () => pipeline.report().counters,
    async close() {
      await link?.close();
      await pipeline.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const connected = ({ link }: LinkedRobot) => link.status().state === 'connected';
