import { showValue } from '../../config/error.ts';
import { type Config, keys } from '../../config/schema.ts';

/** What may be set from the cloud. */
export interface RemoteSettings {
  readonly maxRatio: number;
  readonly watchdogMs: number;
  readonly video: { readonly enabled: boolean; readonly maxBitrateKbps: number };
}

export interface Decided {
  readonly settings: RemoteSettings;
  /** `maxRatio: Expected ... but received ...`; what is faulty stays as it was. */
  readonly errors: readonly string[];
}

interface Setting {
  /** Its key in the configuration, whose range it has. */
  readonly key: string;
  /** Null when the robot's own configuration allows it, else what that allows. */
  readonly beyond?: (value: unknown, config: Config) => string | null;
}

const SETTINGS: Readonly<Record<string, Setting>> = {
  maxRatio: {
    key: 'drive.maxRatio',
    beyond: (value, { drive }) =>
      (value as number) > drive.maxRatio ? `at most drive.maxRatio of this robot (${drive.maxRatio})` : null,
  },
  watchdogMs: { key: 'command.watchdogMs' },
  'video.enabled': {
    key: 'video.enabled',
    beyond: (value, { video }) => (value && !video.enabled ? 'false, as video is off on this robot' : null),
  },
  'video.maxBitrateKbps': {
    key: 'video.maxBitrateKbps',
    beyond: (value, { video: { minBitrateKbps, maxBitrateKbps } }) =>
      (value as number) < minBitrateKbps || (value as number) > maxBitrateKbps
        ? `a bit rate this robot allows (${minBitrateKbps}..${maxBitrateKbps})`
        : null,
  },
};

/** The settings without a word from the cloud. */
export function ownSettings({ drive, command, video }: Config): RemoteSettings {
  return {
    maxRatio: drive.maxRatio,
    watchdogMs: command.watchdogMs,
    video: { enabled: video.enabled, maxBitrateKbps: video.maxBitrateKbps },
  };
}

/**
 * What a shadow's `desired` comes to: what it leaves out is as in the configuration. Each value has the range of its key in the configuration; the robot's own
 * configuration bounds speed and video from above, so that whoever holds the robot has the last word.
 */
export function decideSettings(desired: unknown, config: Config, before: RemoteSettings): Decided {
  const values = flatten(ownSettings(config));
  const held = flatten(before);
  const errors: string[] = [];
  for (const [name, value] of Object.entries(flatten(desired))) {
    const setting = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
    const expected = setting
      ? expectation(setting, value, config)
      : `one of ${Object.keys(SETTINGS).join(', ')}`;
    if (expected === null) values[name] = value;
    else if (setting) values[name] = held[name];
    if (expected !== null) errors.push(complaint(name, expected, setting ? value : name));
  }
  return {
    settings: {
      maxRatio: values.maxRatio as number,
      watchdogMs: values.watchdogMs as number,
      video: {
        enabled: values['video.enabled'] as boolean,
        maxBitrateKbps: values['video.maxBitrateKbps'] as number,
      },
    },
    errors,
  };
}

function expectation({ key, beyond }: Setting, value: unknown, config: Config): string | null {
  const property = keys.get(key)!;
  try {
    property.format(value);
  } catch {
    return property.expects;
  }
  return beyond?.(value, config) ?? null;
}

function complaint(name: string, expected: string, received: unknown): string {
  return `${showValue(name).slice(1, -1)}: Expected ${expected} but received ${showValue(received)}`;
}

function flatten(desired: unknown): Record<string, unknown> {
  if (!isObject(desired)) return {};
  const { video, ...rest } = desired;
  const inner = isObject(video)
    ? Object.entries(video).map(([name, value]) => [`video.${name}`, value])
    : video === undefined
      ? []
      : [['video', video]];
  return { ...rest, ...Object.fromEntries(inner) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
