import type { DeskClock } from '../desk/clock.ts';
import type { Item, TableStream } from './stream.ts';

/** What the desk keeps of a table beside its engine. */
export interface TableState {
  readonly name: string;
  /** Names of the key's attributes. */
  readonly keys: readonly string[];
  readonly stream: TableStream | null;
  /** The attribute with the time (s since 1970) at which an item expires; null: items stay. */
  expiresBy: string | null;
}

/** Asks the engine in DynamoDB's own JSON. @returns status and body */
export type Engine = (
  operation: string,
  input: object,
) => Promise<{ readonly status: number; readonly body: string }>;

interface WriteInput {
  readonly TableName?: string;
  readonly Item?: Item;
  readonly Key?: Item;
  readonly RequestItems?: Readonly<Record<string, readonly WriteRequest[]>>;
}

interface WriteRequest {
  readonly PutRequest?: { readonly Item: Item };
  readonly DeleteRequest?: { readonly Key: Item };
}

interface Written {
  readonly table: TableState;
  readonly key: Item;
}

const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'];
/** Items expired for longer than this stay: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html */
const TOO_LONG_AGO_S = 5 * 365 * 86_400;

/**
 * The door through which every write goes: what it changed is put into the streams of its tables. The engine has none, so
 * items are read before and after, one write at a time.
 */
export class Writes {
  readonly #engine: Engine;
  readonly #clock: DeskClock;
  readonly #find: (name: string) => TableState | null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine, clock: DeskClock, find: (name: string) => TableState | null) {
    this.#engine = engine;
    this.#clock = clock;
    this.#find = find;
  }

  async run(operation: string, input: WriteInput): Promise<{ status: number; body: string }> {
    const written = WRITES.includes(operation) ? this.#written(input) : [];
    if (written.length === 0) return this.#engine(operation, input);
    return this.#alone(() => this.#observed(operation, input, written, false));
  }

  /** Deletes what has expired, unless it was changed meanwhile. @returns how many */
  async expire(table: TableState): Promise<number> {
    const { name, expiresBy } = table;
    if (expiresBy === null) return 0;
    const nowS = Math.floor(this.#clock.nowMs() / 1000);
    let count = 0;
    let from: Item | undefined;
    do {
      const { body } = await this.#engine('Scan', {
        TableName: name,
        FilterExpression: '#t < :now AND #t > :old',
        ExpressionAttributeNames: { '#t': expiresBy },
        ExpressionAttributeValues: { ':now': { N: `${nowS}` }, ':old': { N: `${nowS - TOO_LONG_AGO_S}` } },
        ...(from ? { ExclusiveStartKey: from } : {}),
      });
      const { Items = [], LastEvaluatedKey } = JSON.parse(body) as {
        Items?: Item[];
        LastEvaluatedKey?: Item;
      };
      for (const item of Items) {
        const key = keyOf(table, item);
        const input = {
          TableName: name,
          Key: key,
          ConditionExpression: '#t = :seen',
          ExpressionAttributeNames: { '#t': expiresBy },
          ExpressionAttributeValues: { ':seen': item[expiresBy]! },
        };
        const { status } = await this.#alone(() =>
          this.#observed('DeleteItem', input, [{ table, key }], true),
        );
        if (status === 200) count += 1;
      }
      from = LastEvaluatedKey;
    } while (from);
    return count;
  }

  /** Which items of tables with a stream a request is about. */
  #written({ TableName, Item: item, Key, RequestItems = {} }: WriteInput): Written[] {
    const requests = Object.entries(RequestItems).flatMap(([name, list]) =>
      list.map(({ PutRequest, DeleteRequest }) => [name, PutRequest?.Item ?? DeleteRequest?.Key] as const),
    );
    if (TableName !== undefined) requests.push([TableName, item ?? Key]);
    return requests.flatMap(([name, about]) => {
      const table = this.#find(name);
      return table?.stream && about ? [{ table, key: keyOf(table, about) }] : [];
    });
  }

  async #observed(operation: string, input: object, written: readonly Written[], expired: boolean) {
    const before = await Promise.all(written.map((one) => this.#read(one)));
    const answer = await this.#engine(operation, input);
    if (answer.status !== 200) return answer;
    const after = await Promise.all(written.map((one) => this.#read(one)));
    for (const [at, { table, key: keys }] of written.entries()) {
      table.stream?.add({ keys, before: before[at]!, after: after[at]!, expired });
    }
    return answer;
  }

  async #read({ table, key }: Written): Promise<Item | null> {
    const { body } = await this.#engine('GetItem', { TableName: table.name, Key: key, ConsistentRead: true });
    return (JSON.parse(body) as { readonly Item?: Item }).Item ?? null;
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

function keyOf({ keys }: TableState, item: Item): Item {
  return Object.fromEntries(keys.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])));
}
