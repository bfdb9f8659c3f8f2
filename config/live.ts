import { type Config, keys } from './schema.ts';

/** Keys that a running robot takes at once. */
const LIVE: ReadonlySet<string> = new Set([
  'drive.actionRatio',
  'drive.actionMs',
  'drive.rampPerS',
  'drive.maxRatio',
  'command.maxAgeMs',
  'command.leaseIdleMs',
  'log.level',
]);

/** Why the others wait for a restart: by key where it is told for one, else by section. */
const REASONS: Readonly<Record<string, string>> = {
  'command.watchdogMs': 'pages that drive were told by it how often to send',
  robot: 'tokens, topics and pages know the robot by it',
  drive: 'the motors and their guardian were opened with it',
  teleop: 'the server listens with it',
  video: 'camera and viewers were opened with it',
  cloud: 'the link to the cloud was opened with it',
  telemetry: 'the sensors are read by it',
  log: 'the log was opened with it',
};
const OTHER_REASON = 'it is read at the start only';

export interface Refusal {
  readonly key: string;
  readonly reason: string;
}

export interface Changes {
  /** Keys that change at once. */
  readonly taken: readonly string[];
  readonly refused: readonly Refusal[];
  /** What holds from now on: `next` where that was taken, else as before. */
  readonly config: Config;
}

/** What a running robot takes of a configuration that was read anew. */
export function compareConfigs(current: Config, next: Config): Changes {
  const taken: string[] = [];
  const refused: Refusal[] = [];
  const config = structuredClone(current) as unknown as Record<string, Record<string, unknown>>;
  for (const key of keys.keys()) {
    const [section, name] = key.split('.') as [string, string];
    const value = settingOf(next, section, name);
    if (JSON.stringify(value) === JSON.stringify(settingOf(current, section, name))) continue;
    if (LIVE.has(key)) {
      taken.push(key);
      config[section]![name] = value;
    } else refused.push({ key, reason: REASONS[key] ?? REASONS[section] ?? OTHER_REASON });
  }
  return { taken, refused, config: config as unknown as Config };
}

function settingOf(config: Config, section: string, name: string): unknown {
  return (config as unknown as Record<string, Record<string, unknown>>)[section]?.[name];
}
