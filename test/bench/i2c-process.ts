/** What runs in a child process of the benchmark of I2C: it drives two motors as it is told by messages. */
export type Drive = (left: number, right: number) => Promise<void> | void;

/** Signed ratios of full speed, -1..1. */
export interface Order {
  readonly left: number;
  readonly right: number;
}

export interface Done {
  /** When the order was given to the motors, CLOCK_MONOTONIC in ns. */
  readonly startNs: string;
}

/** Answers each order when the motors were told. */
export function serve(drive: Drive): void {
  process.on('message', async ({ left, right }: Order) => {
    const startNs = process.hrtime.bigint();
    await drive(left, right);
    process.send!({ startNs: String(startNs) } satisfies Done);
  });
  process.send!('ready');
}
