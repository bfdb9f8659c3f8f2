import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { DeskClock } from '../desk/clock.ts';
import { PLACE } from '../desk/place.ts';

export type Item = Readonly<Record<string, AttributeValue>>;
export type ViewType = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';

/** As functions get it. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html */
export interface StreamRecord {
  readonly eventID: string;
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly eventVersion: '1.1';
  readonly eventSource: 'aws:dynamodb';
  readonly awsRegion: string;
  /** Of an item that expired. */
  readonly userIdentity?: { readonly type: string; readonly principalId: string };
  readonly dynamodb: {
    /** s since 1970. */
    readonly ApproximateCreationDateTime: number;
    readonly Keys: Item;
    readonly NewImage?: Item;
    readonly OldImage?: Item;
    readonly SequenceNumber: string;
    readonly SizeBytes: number;
    readonly StreamViewType: ViewType;
  };
  readonly eventSourceARN: string;
}

export interface Change {
  readonly keys: Item;
  /** Null: there was, or is, no such item. */
  readonly before: Item | null;
  readonly after: Item | null;
  readonly expired: boolean;
}

const KEPT_MS = 24 * 3_600_000;
/** A desk is bounded; a reader that is further behind than this has lost what AWS would have kept. */
const MAX_RECORDS = 100_000;
const FIRST_SEQUENCE = 100_000_000_000_000_000_000n;

/** The changes of one table in their order, for a day. One shard: what AWS divides by key comes in one row here. */
export class TableStream {
  readonly arn: string;
  readonly #view: ViewType;
  readonly #clock: DeskClock;
  readonly #listeners = new Set<() => void>();
  #records: { readonly atMs: number; readonly record: StreamRecord }[] = [];
  /** How many went by before the first that is kept. */
  #gone = 0;

  constructor(arn: string, view: ViewType, clock: DeskClock) {
    this.arn = arn;
    this.#view = view;
    this.#clock = clock;
  }

  /** Where a reader begins that wants all there is. */
  get trimHorizon(): number {
    this.#trim();
    return this.#gone;
  }

  /** Where a reader begins that wants only what comes. */
  get latest(): number {
    return this.#gone + this.#records.length;
  }

  /** @param position of the first, as trimHorizon, latest or `next` gave it */
  read(position: number, max: number): { readonly records: readonly StreamRecord[]; readonly next: number } {
    this.#trim();
    const from = Math.max(position, this.#gone) - this.#gone;
    const records = this.#records.slice(from, from + max).map(({ record }) => record);
    return { records, next: this.#gone + from + records.length };
  }

  /** Called after each change. @returns what ends it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** A write that changes nothing leaves no record. */
  add({ keys, before, after, expired }: Change): void {
    const eventName = before === null ? 'INSERT' : after === null ? 'REMOVE' : 'MODIFY';
    if (before === null && after === null) return;
    if (before !== null && after !== null && isSame(before, after)) return;
    const nowMs = this.#clock.nowMs();
    const SequenceNumber = (FIRST_SEQUENCE + BigInt(this.latest)).toString();
    const withNew = this.#view.includes('NEW') && after !== null;
    const withOld = this.#view.includes('OLD') && before !== null;
    const images = { ...(withNew ? { NewImage: after } : {}), ...(withOld ? { OldImage: before } : {}) };
    const record: StreamRecord = {
      eventID: createHash('md5').update(`${this.arn} ${SequenceNumber}`).digest('hex'),
      eventName,
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: PLACE.region,
      ...(expired ? { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } } : {}),
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(nowMs / 1000),
        Keys: keys,
        ...images,
        SequenceNumber,
        SizeBytes: Buffer.byteLength(JSON.stringify({ keys, ...images })),
        StreamViewType: this.#view,
      },
      eventSourceARN: this.arn,
    };
    this.#records.push({ atMs: nowMs, record });
    this.#trim();
    for (const listener of this.#listeners) listener();
  }

  #trim(): void {
    const oldestMs = this.#clock.nowMs() - KEPT_MS;
    const tooOld = this.#records.findIndex(({ atMs }) => atMs > oldestMs);
    const expired = tooOld < 0 ? this.#records.length : tooOld;
    const drop = Math.max(expired, this.#records.length - MAX_RECORDS);
    if (drop <= 0) return;
    this.#records = this.#records.slice(drop);
    this.#gone += drop;
  }
}

/** Names of attributes have no order; neither have the members of sets. */
function isSame(a: Item, b: Item): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([name, inner]): [string, string] => [
    name,
    ['SS', 'NS', 'BS'].includes(name) && Array.isArray(inner)
      ? canonical([...inner].sort())
      : canonical(inner),
  ]);
  return `{${entries.sort(([x], [y]) => (x < y ? -1 : 1)).map(([name, text]) => `${name}:${text}`)}}`;
}
