import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CloudStatus } from './cloud-status.ts';
import type { Samples } from './sensor.ts';

/** Of the command core's report, what becomes a metric. */
export interface ReportedValues {
  readonly wheels: { readonly left: number; readonly right: number };
  readonly estop: boolean;
  readonly operator: object | null;
  /** Totals since the start; their names are taken from the first report. */
  readonly counters: Readonly<Record<string, number>>;
}

/** What is asked for its present values each time the metrics are fetched. */
export interface MetricSources {
  readonly robot: string;
  readonly version: string;
  report(): ReportedValues;
  samples(): Samples;
  /** WebSockets open. */
  connections(): number;
  video(): { readonly viewers: number; readonly bitrateKbps: number };
  /** Null where the robot is not to be in the cloud: there are no metrics of it then. */
  cloud(): CloudStatus | null;
}

export interface Metrics {
  readonly contentType: string;
  /** Prometheus text format 0.0.4. */
  text(): Promise<string>;
  /** Round trip of a link as a page measured it, in ms. */
  observeRoundTripMs(roundTripMs: number): void;
  /** A request or message that was turned away, by the code of its refusal. */
  countRefusal(code: string): void;
}

/** By sample: name and help of the metric, and what one unit of it is in the metric's unit. */
const SAMPLE_METRICS: Readonly<Record<string, readonly [name: string, help: string, factor?: number]>> = {
  batteryVolts: ['battery_volts', 'Voltage of the battery'],
  batteryRatio: ['battery_ratio', 'State of charge, 0 to 1'],
  cpuCelsius: ['cpu_celsius', 'Temperature of the processor'],
  underVoltage: ['under_voltage', '1 while the voltage is too low'],
  underVoltageSinceStart: [
    'under_voltage_since_start',
    '1 when the voltage was too low since the machine started',
  ],
  throttled: ['cpu_throttled', '1 while the processor is slowed down'],
  frequencyCapped: ['cpu_frequency_capped', '1 while the frequency of the processor is bounded'],
  temperatureLimited: [
    'cpu_temperature_limited',
    '1 while the processor is at its soft limit of temperature',
  ],
  throttledSinceStart: [
    'cpu_throttled_since_start',
    '1 when the processor was slowed down since the machine started',
  ],
  touchedPads: ['touched_pads', 'Touch pads touched since the reading before, bit 0 being pad 1'],
  loadRatio: ['load_ratio', 'One-minute load average divided by the number of cores'],
  memoryUsedRatio: ['memory_used_ratio', 'Share of the memory in use, 0 to 1'],
  residentMiB: ['resident_bytes', 'Memory of the process that is in RAM', 1024 * 1024],
  wifiDbm: ['wifi_dbm', 'Signal level of the Wi-Fi link'],
  wifiQualityRatio: ['wifi_quality_ratio', 'Quality of the Wi-Fi link, 0 to 1'],
};

/** Of the command core's counters, by name. */
export const COUNTER_HELP: Readonly<Record<string, string>> = {
  accepted: 'Commands accepted',
  refused: 'Commands refused',
  outOfOrder: 'Commands dropped because a later one had come before',
  stale: 'Commands dropped because of their age',
  watchdogStops: 'Stops because commands failed to come',
  linkStops: 'Stops because the link of the operator ended',
  emergencyStops: 'Emergency stops',
  stallStops: 'Stops because the program itself stood still',
  guardianStops: 'Times the guardian began to stop the motors by itself',
  takeOvers: 'Times an operator took over from another',
  writes: 'Values written to the drivetrain',
  writesSkipped: 'Values never written because a newer one came while a write took long',
  writeFailures: 'Writes to the drivetrain that failed',
};

/** Totals are gauges here, as they are counted elsewhere. */
const CLOUD_METRICS: readonly (readonly [name: string, help: string, read: (of: CloudStatus) => number])[] = [
  ['connected', '1 while connected to the cloud', ({ state }) => Number(state === 'connected')],
  ['connections', 'Connections to the cloud made since the start', ({ connections }) => connections],
  ['commands_received', 'Commands that came from the cloud', ({ commands }) => commands.received],
  ['commands_refused', 'Commands from the cloud that were turned away', ({ commands }) => commands.refused],
  ['telemetry_published', 'Telemetry messages published', ({ telemetry }) => telemetry.published],
  ['telemetry_buffered', 'Telemetry messages kept for the connection', ({ telemetry }) => telemetry.buffered],
  [
    'telemetry_dropped',
    'Telemetry messages lost as the buffer was full',
    ({ telemetry }) => telemetry.dropped,
  ],
];

/** Metrics in a registry of their own, named `roverd_*` in Prometheus's base units. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number | undefined) => {
    new Gauge({
      name: `roverd_${name}`,
      help,
      registers,
      collect() {
        const value = read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  };

  new Gauge({
    name: 'roverd_info',
    help: 'Always 1; its labels name robot and version',
    labelNames: ['robot', 'version'],
    registers,
  }).set({ robot: sources.robot, version: sources.version }, 1);
  for (const [sample, [name, help, factor = 1]] of Object.entries(SAMPLE_METRICS)) {
    gauge(name, help, () => {
      const value = sources.samples()[sample];
      return value === undefined ? undefined : value * factor;
    });
  }
  new Gauge({
    name: 'roverd_sample',
    help: 'Samples without a metric of their own, by name',
    labelNames: ['name'],
    registers,
    collect() {
      this.reset();
      for (const [name, value] of Object.entries(sources.samples())) {
        if (value !== undefined && !Object.hasOwn(SAMPLE_METRICS, name)) this.set({ name }, value);
      }
    },
  });
  new Gauge({
    name: 'roverd_wheel_ratio',
    help: 'Speed last given to a wheel, -1 to 1 of full speed',
    labelNames: ['side'],
    registers,
    collect() {
      const { left, right } = sources.report().wheels;
      this.set({ side: 'left' }, left);
      this.set({ side: 'right' }, right);
    },
  });
  gauge('emergency_stop', '1 while the emergency stop is latched', () => Number(sources.report().estop));
  gauge('operated', '1 while an operator holds the robot', () => Number(sources.report().operator !== null));
  gauge('connections', 'WebSockets open', sources.connections);
  gauge('video_viewers', 'Viewers of the camera', () => sources.video().viewers);
  gauge('video_bits_per_second', 'Target bit rate', () => sources.video().bitrateKbps * 1000);

  for (const name of Object.keys(sources.report().counters)) {
    new Counter({
      name: `roverd_command_${name.replace(/[A-Z]/g, '_$&').toLowerCase()}_total`,
      help: COUNTER_HELP[name] ?? name,
      registers,
      // The command core counts; here its total is only passed on.
      collect() {
        this.reset();
        this.inc(sources.report().counters[name] ?? 0);
      },
    });
  }

  for (const [name, help, read] of CLOUD_METRICS) {
    gauge(`cloud_${name}`, help, () => {
      const status = sources.cloud();
      return status === null ? undefined : read(status);
    });
  }

  const roundTrip = new Histogram({
    name: 'roverd_link_round_trip_seconds',
    help: 'Round trip of a link, as pages measure it',
    buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2],
    registers,
  });
  const refusals = new Counter({
    name: 'roverd_refusals_total',
    help: 'Requests and messages turned away, by code',
    labelNames: ['code'],
    registers,
  });

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    observeRoundTripMs: (roundTripMs) => roundTrip.observe(roundTripMs / 1000),
    countRefusal: (code) => refusals.inc({ code }),
  };
}
