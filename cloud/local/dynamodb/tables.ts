import {
  type AttributeValue,
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import type { DeskClock } from '../desk/clock.ts';
import { arn, PLACE } from '../desk/place.ts';
import type { Faults } from '../services/faults.ts';
import { close, listen } from '../services/http-server.ts';
import { refusal, type ServiceRequest, type ServiceResponse } from '../services/services.ts';
import { TableStream, type ViewType } from './stream.ts';
import { type TableState, Writes } from './table.ts';

type Keys = Pick<
  CreateTableCommandInput,
  'AttributeDefinitions' | 'KeySchema' | 'GlobalSecondaryIndexes' | 'LocalSecondaryIndexes'
>;

export interface TableOptions {
  /** Null: no stream. */
  readonly streamView: ViewType | null;
  /** Null: items stay. */
  readonly expiresBy: string | null;
}

interface TableRequest {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly RequestItems?: Readonly<Record<string, never>>;
  readonly TimeToLiveSpecification?: { readonly AttributeName: string; readonly Enabled: boolean };
}

/** DynamoDB takes up to two days; a desk looks four times a minute. */
const EXPIRY_EVERY_MS = 15_000;

/** DynamoDB: dynalite, with streams and expiry around it; no transactions. */
export class Tables {
  readonly #server = dynalite({ createTableMs: 0 });
  readonly #clock: DeskClock;
  readonly #faults: Faults;
  readonly #tables = new Map<string, TableState>();
  readonly #writes: Writes;
  #client: DynamoDBClient | null = null;
  #url = '';
  /** Ends with the last sweep that was asked for. */
  #sweep: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  constructor(clock: DeskClock, faults: Faults) {
    this.#clock = clock;
    this.#faults = faults;
    const engine = async (operation: string, input: object) => {
      const { status, body } = await this.#ask(operation, JSON.stringify(input));
      return { status, body: body.toString() };
    };
    this.#writes = new Writes(engine, clock, (name) => this.#tables.get(nameOf(name)) ?? null);
  }

  /** Makes a table, and the engine before the first one. @returns the ARN of its stream, if it has one */
  async create(
    TableName: string,
    keys: Keys,
    { streamView, expiresBy }: TableOptions = { streamView: null, expiresBy: null },
  ): Promise<string | null> {
    await (await this.client()).send(
      new CreateTableCommand({ TableName, BillingMode: 'PAY_PER_REQUEST', ...keys }),
    );
    const streamArn = `${tableArn(TableName)}/stream/2026-01-01T00:00:00.000`;
    const first = this.#tables.size === 0;
    this.#tables.set(TableName, {
      name: TableName,
      keys: (keys.KeySchema ?? []).map(({ AttributeName }) => AttributeName!),
      stream: streamView ? new TableStream(streamArn, streamView, this.#clock) : null,
      expiresBy,
    });
    if (first) this.#planSweep();
    return streamView ? streamArn : null;
  }

  /** @throws Error when there is no such stream */
  stream(streamArn: string): TableStream {
    const found = [...this.#tables.values()].find(({ stream }) => stream?.arn === streamArn)?.stream;
    if (!found) throw new Error(`Expected the stream of a table but received ${streamArn}`);
    return found;
  }

  /** @throws Error when the engine refuses it */
  async put(TableName: string, Item: Record<string, AttributeValue>): Promise<void> {
    const { status, body } = await this.#writes.run('PutItem', { TableName, Item });
    if (status !== 200) throw new Error(body);
  }

  /** Straight to the engine, past signatures and policies: for reading. What is written so is in no stream. */
  async client(): Promise<DynamoDBClient> {
    if (!this.#client) {
      this.#url = `http://127.0.0.1:${await listen(this.#server)}`;
      const credentials = { accessKeyId: 'desk', secretAccessKey: 'desk' };
      this.#client = new DynamoDBClient({ endpoint: this.#url, region: PLACE.region, credentials });
    }
    return this.#client;
  }

  /** What functions ask for, once their role allows it for every table concerned. */
  async serve({ headers, body, decide, caller }: ServiceRequest): Promise<ServiceResponse> {
    const operation = String(headers['x-amz-target']).split('.')[1] ?? '';
    const input = JSON.parse(body.toString() || '{}') as TableRequest;
    const { TableName, IndexName, RequestItems = {} } = input;
    const named = TableName === undefined ? Object.keys(RequestItems) : [TableName];
    const resources = named.map(
      (name) => tableArn(name) + (IndexName === undefined ? '' : `/index/${IndexName}`),
    );
    for (const resource of resources.length > 0 ? resources : ['*']) {
      if (decide(`dynamodb:${operation}`, resource) === 'allow') continue;
      const message = `User: ${caller} is not authorized to perform: dynamodb:${operation} on resource: ${resource}`;
      return refusal(400, 'com.amazon.coral.service#AccessDeniedException', message);
    }
    const fault = this.#faults.take(operation);
    if (fault) return refusal(fault.status, fault.code, fault.message);
    if (operation.endsWith('TimeToLive')) return this.#timeToLive(operation, input);
    const answer = await this.#writes.run(operation, input);
    return { ...answer, headers: { 'content-type': 'application/x-amz-json-1.0' } };
  }

  /** Deletes what has expired by now, after the sweep that is under way; sweeps that wait are one. */
  expire(): Promise<void> {
    this.#next ??= this.#sweep.then(async () => {
      this.#next = null;
      for (const table of this.#tables.values()) await this.#writes.expire(table);
    });
    const asked = this.#next;
    this.#sweep = asked.catch(() => undefined);
    return asked;
  }

  async close(): Promise<void> {
    await this.#sweep;
    this.#client?.destroy();
    await close(this.#server);
  }

  #planSweep(): void {
    this.#clock.after(EXPIRY_EVERY_MS, () => {
      this.#planSweep();
      if ([...this.#tables.values()].some(({ expiresBy }) => expiresBy !== null)) {
        void this.expire().catch(() => undefined);
      }
    });
  }

  /** The engine knows neither of the two. */
  #timeToLive(
    operation: string,
    { TableName, TimeToLiveSpecification: wanted }: TableRequest,
  ): ServiceResponse {
    const table = this.#tables.get(nameOf(TableName ?? ''));
    if (!table) return refusal(400, 'ResourceNotFoundException', `Table: ${TableName} not found`);
    if (operation === 'UpdateTimeToLive' && wanted) {
      table.expiresBy = wanted.Enabled ? wanted.AttributeName : null;
      return { status: 200, body: JSON.stringify({ TimeToLiveSpecification: wanted }) };
    }
    const description = table.expiresBy
      ? { TimeToLiveStatus: 'ENABLED', AttributeName: table.expiresBy }
      : { TimeToLiveStatus: 'DISABLED' };
    return { status: 200, body: JSON.stringify({ TimeToLiveDescription: description }) };
  }

  async #ask(operation: string, body: string): Promise<{ status: number; body: Buffer }> {
    await this.client();
    const answer = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        'x-amz-date': '20260101T000000Z',
        // The engine wants a signature and does not look at it.
        authorization:
          'AWS4-HMAC-SHA256 Credential=desk/20260101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
      },
      body,
    });
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  }
}

/** A table, by name or ARN. */
export function tableArn(name: string): string {
  return name.startsWith('arn:') ? name : arn('dynamodb', `table/${name}`);
}

function nameOf(table: string): string {
  return table.startsWith('arn:') ? (table.split('/')[1] ?? '') : table;
}
