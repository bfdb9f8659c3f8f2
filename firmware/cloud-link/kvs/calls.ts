import type { Agent } from 'node:https';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod/mini';
import type { IceServer } from '../../video/engine.ts';
import type { AwsClock } from '../aws-clock.ts';
import type { AwsCredentials } from '../credentials.ts';
import { requestJson } from '../https-json.ts';

/** `skewed`: refused because of this machine's clock, which has been corrected since. */
export type KvsFailure = 'denied' | 'skewed' | 'not_found' | 'throttled' | 'unavailable';

export class KvsError extends Error {
  override readonly name = 'KvsError';
  readonly failure: KvsFailure;
  constructor(failure: KvsFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

export interface ChannelEndpoints {
  readonly https: string;
  readonly wss: string;
}

export interface IceServerConfig {
  readonly servers: readonly IceServer[];
  /** How long they can be used, ms; for the shortest-lived one. */
  readonly lifeMs: number;
}

export interface KvsCallsOptions {
  readonly region: string;
  /** Host, or host:port, of the control plane. */
  readonly endpoint: string;
  readonly agent: Agent;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly awsClock: AwsClock;
}

/** What a master asks of Kinesis Video Streams. Each call throws KvsError. */
export interface KvsCalls {
  /** The ARN of the channel of this name. */
  describeChannel(name: string): Promise<string>;
  channelEndpoints(channelArn: string): Promise<ChannelEndpoints>;
  /** TURN servers with their short-lived logins. */
  iceServers(channelArn: string, httpsEndpoint: string): Promise<IceServerConfig>;
  /** The signed address of a master's socket: it holds secrets, and is good for five minutes. */
  socketUrl(channelArn: string, wssEndpoint: string): Promise<string>;
}

const SERVICE = 'kinesisvideo';
/** As AWS's own clients sign it. */
const SOCKET_URL_LIFE_S = 299;
/** AWS allows five minutes; what was signed less far off was not refused for that. */
const SKEW_MATTERS_MS = 60_000;
/** Documented bounds of a server's Ttl are 30 s to a day. */
const MIN_ICE_TTL_S = 30;

const channelSchema = z.object({ ChannelInfo: z.object({ ChannelARN: z.string() }) });
const endpointsSchema = z.object({
  ResourceEndpointList: z.array(z.object({ Protocol: z.string(), ResourceEndpoint: z.url() })),
});
const iceSchema = z.object({
  IceServerList: z.optional(
    z.array(
      z.object({
        Uris: z.array(z.string()),
        Username: z.optional(z.string()),
        Password: z.optional(z.string()),
        Ttl: z.optional(z.number()),
      }),
    ),
  ),
});

/**
 * Three small signed requests. AWS's two clients for them would load as much again as everything else of the
 * cloud link.
 */
export function createKvsCalls(options: KvsCallsOptions): KvsCalls {
  const { awsClock, agent } = options;
  const signer = new SignatureV4({
    service: SERVICE,
    region: options.region,
    sha256: Sha256,
    credentials: options.credentials,
    applyChecksum: false,
  });

  /** Credentials come first: with them comes the time. */
  async function signingDate(): Promise<Date> {
    await options.credentials();
    return new Date(awsClock.wallMs());
  }

  async function attempt(url: URL, body: string) {
    const date = await signingDate();
    const signed = await signer.sign(
      {
        method: 'POST',
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: {},
        headers: { host: url.host, 'content-type': 'application/json' },
        body,
      },
      { signingDate: date },
    );
    const answer = await requestJson(url, { method: 'POST', headers: signed.headers, body, agent });
    awsClock.observe(answer.headers.date as string | undefined);
    return { answer, signedOffMs: Math.abs(awsClock.wallMs() - date.getTime()) };
  }

  async function call<T>(
    address: string,
    path: string,
    content: object,
    schema: z.ZodMiniType<T>,
  ): Promise<T> {
    const url = new URL(path, address);
    const body = JSON.stringify(content);
    let { answer, signedOffMs } = await attempt(url, body).catch(unavailable);
    if (answer.status === 403 && signedOffMs > SKEW_MATTERS_MS) {
      ({ answer, signedOffMs } = await attempt(url, body).catch(unavailable));
    }
    if (answer.status !== 200)
      throw refused(path, answer.status, answer.headers['x-amzn-errortype'], answer.body);
    const read = z.safeParse(schema, answer.body);
    if (read.success) return read.data;
    throw new KvsError('unavailable', `Expected an answer to ${path} but received something else`);
  }

  return {
    async describeChannel(name) {
      const control = `https://${options.endpoint}`;
      const { ChannelInfo } = await call(
        control,
        '/describeSignalingChannel',
        { ChannelName: name },
        channelSchema,
      );
      return ChannelInfo.ChannelARN;
    },
    async channelEndpoints(channelArn) {
      const { ResourceEndpointList: list } = await call(
        `https://${options.endpoint}`,
        '/getSignalingChannelEndpoint',
        {
          ChannelARN: channelArn,
          SingleMasterChannelEndpointConfiguration: { Protocols: ['WSS', 'HTTPS'], Role: 'MASTER' },
        },
        endpointsSchema,
      );
      const find = (protocol: string, scheme: string): string => {
        const found = list.find((one) => one.Protocol === protocol)?.ResourceEndpoint;
        if (found?.startsWith(`${scheme}://`)) return found;
        throw new KvsError('unavailable', `Expected an endpoint for ${protocol} but received none`);
      };
      return { https: find('HTTPS', 'https'), wss: find('WSS', 'wss') };
    },
    async iceServers(channelArn, httpsEndpoint) {
      const content = { ChannelARN: channelArn, Service: 'TURN' };
      const { IceServerList = [] } = await call(
        httpsEndpoint,
        '/v1/get-ice-server-config',
        content,
        iceSchema,
      );
      const lives = IceServerList.map(({ Ttl = MIN_ICE_TTL_S }) => Math.max(Ttl, MIN_ICE_TTL_S) * 1000);
      return {
        servers: IceServerList.map(({ Uris, Username, Password }) => ({
          urls: Uris,
          ...(Username === undefined ? {} : { username: Username }),
          ...(Password === undefined ? {} : { credential: Password }),
        })),
        lifeMs: Math.min(...lives, 5 * 60_000),
      };
    },
    async socketUrl(channelArn, wssEndpoint) {
      const url = new URL(wssEndpoint);
      const signed = await signer.presign(
        {
          method: 'GET',
          protocol: url.protocol,
          hostname: url.hostname,
          path: '/',
          query: { 'X-Amz-ChannelARN': channelArn },
          headers: { host: url.host },
        },
        { expiresIn: SOCKET_URL_LIFE_S, signingDate: await signingDate() },
      );
      const query = Object.entries(signed.query ?? {}).map(
        ([key, value]) => `${key}=${encode(String(value))}`,
      );
      return `wss://${url.host}/?${query.join('&')}`;
    },
  };
}

/** RFC 3986, as SigV4 has it: encodeURIComponent leaves out five characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Its message names what could not be reached. */
function unavailable(cause: unknown): never {
  throw new KvsError('unavailable', (cause as Error).message, { cause });
}

function refused(path: string, status: number, typeHeader: unknown, body: unknown): KvsError {
  const { message, Message, __type } = (body ?? {}) as Record<string, unknown>;
  const type = String(typeHeader ?? __type ?? '').replace(/^.*#|:.*$/g, '');
  const detail = `${path} was refused with ${status} ${type}: ${String(message ?? Message ?? '').slice(0, 200)}`;
  if (type === 'ResourceNotFoundException' || status === 404) return new KvsError('not_found', detail);
  if (/Throttl|LimitExceeded/.test(type) || status === 429) return new KvsError('throttled', detail);
  return new KvsError(status === 401 || status === 403 ? 'denied' : 'unavailable', detail);
}
