/** One reading, named after what is measured and its unit. */
export interface Samples {
  batteryVolts?: number;
  /** State of charge, 0..1. */
  batteryRatio?: number;
  cpuCelsius?: number;
  /** 1 while the supply of the Pi is below 4.63 V, else 0. */
  underVoltage?: number;
  /** 1 while the firmware slows the processor down, or bounds its frequency, or holds it at its soft limit, else 0. */
  throttled?: number;
  frequencyCapped?: number;
  temperatureLimited?: number;
  /** 1 when it was so at any time since the machine started, else 0. */
  underVoltageSinceStart?: number;
  throttledSinceStart?: number;
  /** Touch pads touched since the reading before: bit 0 is pad 1. */
  touchedPads?: number;
  /** One-minute load average divided by the number of cores. */
  loadRatio?: number;
  memoryUsedRatio?: number;
  residentMiB?: number;
  wifiDbm?: number;
  /** 0 (nothing) to 1 (best). */
  wifiQualityRatio?: number;
  [name: string]: number | undefined;
}

/** A source of samples. `read` gives null where the machine has no such thing; it never rejects for that. */
export interface Sensor {
  readonly name: string;
  read(): Promise<Samples | null>;
  close?(): Promise<void>;
}
