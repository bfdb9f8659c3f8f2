import { type Environment, required } from '../common/environment.lambda-shared.ts';
import {
  createSignedClient,
  presignSocket,
  type SignedClient,
} from '../common/signed-client.lambda-shared.ts';
import { CHANNEL_CACHE_MS, KVS_ATTEMPT_MS, VIEWER_URL_S } from './constants.ts';

export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** KVS did not do what was asked; `status` is that of HTTP, 0 when no answer came. */
export class KvsError extends Error {
  override readonly name = 'KvsError';
  readonly status: number;
  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

interface Channel {
  readonly arn: string;
  readonly wss: string;
  /** Of the channel's own endpoint. */
  readonly client: SignedClient;
  readonly untilMs: number;
}

export interface KvsViewers {
  /**
   * What one viewer of the channel of this name needs.
   * @param clientId 1 to 256 letters, digits, `_`, `-` or `.`; the address is good for no other
   * @throws KvsError
   */
  admit(
    name: string,
    clientId: string,
  ): Promise<{
    readonly channelArn: string;
    readonly url: string;
    readonly iceServers: readonly IceServer[];
  }>;
}

/**
 * Asks Kinesis Video Streams for a viewer: where the channel is, what relays there are, and an address that lets
 * one client in. Channel and endpoints are remembered.
 * @param nowMs wall clock, ms since 1970
 */
export function createKvsViewers(env: Environment, nowMs: () => number = Date.now): KvsViewers {
  const control = createSignedClient('kinesisvideo', required(env, 'KVS_ENDPOINT'), env);
  const channels = new Map<string, Channel>();

  async function find(name: string): Promise<Channel> {
    const known = channels.get(name);
    if (known && nowMs() < known.untilMs) return known;
    const { ChannelInfo } = await call(control, '/describeSignalingChannel', { ChannelName: name });
    const arn = text(ChannelInfo, 'ChannelARN');
    const { ResourceEndpointList } = await call(control, '/getSignalingChannelEndpoint', {
      ChannelARN: arn,
      SingleMasterChannelEndpointConfiguration: { Protocols: ['WSS', 'HTTPS'], Role: 'VIEWER' },
    });
    const found = {
      arn,
      wss: endpoint(ResourceEndpointList, 'WSS'),
      client: createSignedClient('kinesisvideo', endpoint(ResourceEndpointList, 'HTTPS'), env),
      untilMs: nowMs() + CHANNEL_CACHE_MS,
    };
    channels.set(name, found);
    return found;
  }

  return {
    async admit(name, clientId) {
      const { arn, wss, client } = await find(name);
      try {
        const { IceServerList } = await call(client, '/v1/get-ice-server-config', {
          ChannelARN: arn,
          ClientId: clientId,
          Service: 'TURN',
        });
        const query = { 'X-Amz-ChannelARN': arn, 'X-Amz-ClientId': clientId };
        const url = await presignSocket('kinesisvideo', wss, query, VIEWER_URL_S, env);
        return { channelArn: arn, url, iceServers: list(IceServerList).map(iceServer) };
      } catch (error) {
        // The channel may have been made anew.
        channels.delete(name);
        throw error;
      }
    },
  };
}

async function call(client: SignedClient, path: string, content: object): Promise<Record<string, unknown>> {
  const request = {
    path,
    query: {},
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(content),
    timeoutMs: KVS_ATTEMPT_MS,
  };
  const { status, text: answer } = await client.post(request).catch((cause: unknown) => {
    throw new KvsError(0, `${path}: ${String(cause)}`, { cause });
  });
  if (status !== 200) throw new KvsError(status, `${path}: ${status} ${answer.slice(0, 300)}`);
  try {
    return JSON.parse(answer) as Record<string, unknown>;
  } catch (cause) {
    throw new KvsError(status, `Expected JSON from ${path}`, { cause });
  }
}

function text(value: unknown, name: string): string {
  const found = (value as Record<string, unknown> | undefined)?.[name];
  if (typeof found === 'string') return found;
  throw new KvsError(200, `Expected ${name} in the answer but received ${JSON.stringify(found)}`);
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function endpoint(value: unknown, protocol: string): string {
  return text(
    list(value).find((one) => text(one, 'Protocol') === protocol),
    'ResourceEndpoint',
  );
}

function iceServer(value: unknown): IceServer {
  const { Uris, Username, Password } = value as Record<string, unknown>;
  return {
    urls: list(Uris).map(String),
    ...(typeof Username === 'string' ? { username: Username } : {}),
    ...(typeof Password === 'string' ? { credential: Password } : {}),
  };
}
