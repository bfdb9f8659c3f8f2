/** One reading, named after what is measured and its unit. */
export interface Samples {
  batteryVolts?: number;
  /** State of charge, 0..1. */
  batteryRatio?: number;
  cpuCelsius?: number;
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
