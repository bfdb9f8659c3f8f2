import {
  type AttributeValue,
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { arn, PLACE } from '../desk/place.ts';
import { close, listen } from './http-server.ts';
import { refusal, type ServiceRequest, type ServiceResponse } from './services.ts';

type Keys = Pick<
  CreateTableCommandInput,
  'AttributeDefinitions' | 'KeySchema' | 'GlobalSecondaryIndexes' | 'LocalSecondaryIndexes'
>;

interface TableRequest {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
}

/** DynamoDB (dynalite): no expiry, no streams, no transactions. */
export class Tables {
  readonly #server = dynalite({ createTableMs: 0 });
  #client: DynamoDBClient | null = null;
  #url = '';

  /** Makes a table, and the engine before the first one. */
  async create(TableName: string, keys: Keys): Promise<void> {
    await (await this.client()).send(
      new CreateTableCommand({ TableName, BillingMode: 'PAY_PER_REQUEST', ...keys }),
    );
  }

  async put(TableName: string, Item: Record<string, AttributeValue>): Promise<void> {
    await (await this.client()).send(new PutItemCommand({ TableName, Item }));
  }

  /** Straight to the engine, past signatures and policies. */
  async client(): Promise<DynamoDBClient> {
    if (!this.#client) {
      this.#url = `http://127.0.0.1:${await listen(this.#server)}`;
      const credentials = { accessKeyId: 'desk', secretAccessKey: 'desk' };
      this.#client = new DynamoDBClient({ endpoint: this.#url, region: PLACE.region, credentials });
    }
    return this.#client;
  }

  /** What functions ask for, once their role allows it for every table concerned. */
  async serve({ method, url, headers, body, decide, caller }: ServiceRequest): Promise<ServiceResponse> {
    await this.client();
    const operation = String(headers['x-amz-target']).split('.')[1] ?? '';
    const { TableName, IndexName, RequestItems = {} } = JSON.parse(body.toString() || '{}') as TableRequest;
    const named = TableName === undefined ? Object.keys(RequestItems) : [TableName];
    const resources = named.map(
      (name) => tableArn(name) + (IndexName === undefined ? '' : `/index/${IndexName}`),
    );
    for (const resource of resources.length > 0 ? resources : ['*']) {
      if (decide(`dynamodb:${operation}`, resource) === 'allow') continue;
      const message = `User: ${caller} is not authorized to perform: dynamodb:${operation} on resource: ${resource}`;
      return refusal(400, 'com.amazon.coral.service#AccessDeniedException', message);
    }
    const passed = ['authorization', 'content-type', 'x-amz-date', 'x-amz-target', 'x-amz-security-token'];
    const answer = await fetch(new URL(url, this.#url), {
      method,
      headers: Object.fromEntries(
        passed.flatMap((name) => (headers[name] ? [[name, String(headers[name])]] : [])),
      ),
      body: new Uint8Array(body),
    });
    return {
      status: answer.status,
      headers: { 'content-type': answer.headers.get('content-type') ?? 'application/x-amz-json-1.0' },
      body: Buffer.from(await answer.arrayBuffer()),
    };
  }

  async close(): Promise<void> {
    this.#client?.destroy();
    await close(this.#server);
  }
}

/** A table, by name or ARN. */
export function tableArn(name: string): string {
  return name.startsWith('arn:') ? name : arn('dynamodb', `table/${name}`);
}
