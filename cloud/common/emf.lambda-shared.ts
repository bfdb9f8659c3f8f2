type Unit = 'Count' | 'Milliseconds';

/**
 * Writes one line that is log entry and metrics at once: CloudWatch makes metrics of what `_aws` describes
 * (Embedded Metric Format). One write is one entry; Lambda adds none of its own to JSON.
 * @param metrics values by name; those that end in `Ms` are times, the others counts
 * @param fields further fields of the entry; nothing secret
 */
export function writeMetrics(
  namespace: string,
  metrics: Readonly<Record<string, number>>,
  fields: Readonly<Record<string, unknown>>,
): void {
  const definitions = Object.keys(metrics).map((name) => ({
    Name: name,
    Unit: (name.endsWith('Ms') ? 'Milliseconds' : 'Count') satisfies Unit,
  }));
  const entry = {
    ...fields,
    ...metrics,
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [[]], Metrics: definitions }],
    },
  };
  process.stdout.write(`${JSON.stringify(entry)}\n`);
}

/** Writes one structured entry. */
export function writeLog(level: 'INFO' | 'WARN' | 'ERROR', message: string, fields: object): void {
  process.stdout.write(`${JSON.stringify({ level, message, ...fields })}\n`);
}
