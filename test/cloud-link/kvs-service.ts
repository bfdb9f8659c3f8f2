/**
 * Amazon KVS signaling and AWS IoT's credential provider on loopback: the three calls, the socket of either role,
 * every signature checked, the documented quotas held. Written from AWS's developer guide; what it says of none
 * (which code a socket is closed with) is chosen here.
 */
import { randomBytes, X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { type SigV4Verdict, verifySigV4 } from '../../cloud/local/iam/sigv4-verify.ts';
import type { Identity } from '../../firmware/cloud-link/identity.ts';
import type { Authority } from './certificates.ts';
import { type Answer, type Asked, type HttpsService, startHttps } from './https-service.ts';

export const REGION = 'eu-central-1';
export const ROLE_ALIAS = 'test-camera';
const ACCOUNT = '123456789012';
const SERVICE = 'kinesisvideo';

/** Quotas of the developer guide. */
const MAX_VIEWERS = 10;
const MAX_PAYLOAD = 10_000;
const PER_S = { ICE_CANDIDATE: 20, SDP_ANSWER: 5, SDP_OFFER: 5 } as const;
/** An undelivered message is kept this long for a recipient that is not there. */
const MESSAGE_TTL_MS = 60_000;
const MAX_KEPT = 100;

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

interface Grant extends Keys {
  readonly may: 'master' | 'viewer';
  readonly thing: string;
  readonly expiresMs: number;
}

interface Connection {
  readonly socket: WebSocket;
  /** Null of a master. */
  readonly clientId: string | null;
  readonly times: Map<string, number[]>;
}

export interface Settings {
  /** How far the service's clock is ahead of this machine's. */
  skewMs: number;
  credentialsLifeMs: number;
  turnTtlS: number;
  /** What takes the place of the older of two masters: a closed socket, or silence. */
  displaced: 'closed' | 'silent';
  /** Path to status and error type with which the next calls are refused. */
  readonly refusals: Map<string, { status: number; type: string; message: string }>;
}

export class KvsService {
  readonly settings: Settings = {
    skewMs: 0,
    credentialsLifeMs: 3_600_000,
    turnTtlS: 300,
    displaced: 'closed',
    refusals: new Map(),
  };
  /** Paths that were called, in order. */
  readonly calls: string[] = [];
  /** What a client did that the real service would not have let pass. */
  readonly violations: string[] = [];
  /** Sockets of masters opened so far. */
  masterConnections = 0;
  readonly #grants = new Map<string, Grant>();
  readonly #channels = new Map<string, string>();
  readonly #things = new Map<string, string>();
  #kept: { readonly text: string; readonly atMs: number }[] = [];
  #master: Connection | null = null;
  readonly #viewers = new Map<string, Connection>();
  #service!: HttpsService;
  #credentials!: HttpsService;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: 256 * 1024 });
  #turns = 0;

  static async start(authority: Authority): Promise<KvsService> {
    const service = new KvsService();
    const identity = await authority.issueServer();
    const wallMs = () => service.wallMs();
    service.#service = await startHttps(identity, (asked) => service.#onCall(asked), { wallMs });
    service.#service.server.on('upgrade', (request, stream, head) =>
      service.#onUpgrade(request, stream, head),
    );
    const credentials = (asked: Asked) => service.#onCredentials(asked);
    service.#credentials = await startHttps(identity, credentials, { wallMs, clientsOf: authority.ca });
    return service;
  }

  /** Host and port of control plane and signaling. */
  get endpoint(): string {
    return this.#service.endpoint;
  }

  get credentialsEndpoint(): string {
    return this.#credentials.endpoint;
  }

  get wssEndpoint(): string {
    return `wss://${this.endpoint}`;
  }

  get hasMaster(): boolean {
    return this.#master !== null;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  wallMs(): number {
    return Date.now() + this.settings.skewMs;
  }

  /** Registers a thing by its certificate, with the channel of its name. */
  register(thing: string, { certificate }: Pick<Identity, 'certificate'>): string {
    this.#things.set(new X509Certificate(certificate).fingerprint256, thing);
    const arn = `arn:aws:kinesisvideo:${REGION}:${ACCOUNT}:channel/${thing}/1600000000000`;
    this.#channels.set(thing, arn);
    return arn;
  }

  arnOf(thing: string): string {
    return this.#channels.get(thing) ?? '';
  }

  /** Keys of somebody who may watch. */
  viewerKeys(thing: string): Keys {
    return this.#grant('viewer', thing, 3_600_000, 'AKIA');
  }

  /** Makes every key that was lent worthless. */
  revokeKeys(): void {
    this.#grants.clear();
  }

  /** Sends an event to the master. */
  tellMaster(messageType: 'GO_AWAY' | 'RECONNECT_ICE_SERVER'): void {
    this.#master?.socket.send(JSON.stringify({ messageType, messagePayload: '' }));
  }

  /** Ends the master's socket, as at the end of its hour. */
  closeMaster(code = 1001): void {
    this.#master?.socket.close(code);
  }

  /** The path to the master breaks. */
  dropMaster(): void {
    this.#master?.socket.terminate();
  }

  /** Sends text to the master that no viewer could have. */
  sendRaw(text: string): void {
    this.#master?.socket.send(text);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    await Promise.all([this.#service.close(), this.#credentials.close()]);
  }

  #grant(may: Grant['may'], thing: string, lifeMs: number, prefix: string): Grant {
    const grant: Grant = {
      accessKeyId: `${prefix}${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      sessionToken: randomBytes(300).toString('base64'),
      may,
      thing,
      expiresMs: this.wallMs() + lifeMs,
    };
    this.#grants.set(grant.accessKeyId, grant);
    return grant;
  }

  #onCredentials({ method, url, headers, socket }: Asked): Answer {
    this.calls.push(`${method} ${url}`);
    const refusal = this.settings.refusals.get('credentials');
    if (refusal) return { status: refusal.status, body: { message: refusal.message } };
    const thing = this.#things.get(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
    if (method !== 'GET' || url !== `/role-aliases/${ROLE_ALIAS}/credentials`) {
      return { status: 404, body: { message: 'Role alias not found' } };
    }
    if (thing === undefined || headers['x-amzn-iot-thingname'] !== thing) {
      return { status: 403, body: { message: 'Access Denied' } };
    }
    const { expiresMs, ...grant } = this.#grant('master', thing, this.settings.credentialsLifeMs, 'ASIA');
    const { accessKeyId, secretAccessKey, sessionToken } = grant;
    const expiration = new Date(expiresMs).toISOString();
    return { body: { credentials: { accessKeyId, secretAccessKey, sessionToken, expiration } } };
  }

  #onCall(asked: Asked): Answer {
    this.calls.push(asked.url);
    const refusal = this.settings.refusals.get(asked.url);
    if (refusal) return refused(refusal.status, refusal.type, refusal.message);
    const verdict = this.#verify(asked);
    if (!verdict.ok) return refused(403, verdict.code, verdict.message);
    const grant = this.#grants.get(verdict.accessKeyId)!;
    const body = JSON.parse(asked.body) as Record<string, unknown>;
    const name =
      asked.url === '/describeSignalingChannel' ? String(body.ChannelName) : this.#nameOf(body.ChannelARN);
    if (name !== grant.thing)
      return refused(403, 'AccessDeniedException', `not authorized on channel/${name}`);
    const arn = this.#channels.get(name);
    if (arn === undefined)
      return refused(404, 'ResourceNotFoundException', 'The requested channel is not found');
    switch (asked.url) {
      case '/describeSignalingChannel':
        return { body: { ChannelInfo: { ChannelName: name, ChannelARN: arn, ChannelStatus: 'ACTIVE' } } };
      case '/getSignalingChannelEndpoint':
        return {
          body: {
            ResourceEndpointList: [
              { Protocol: 'HTTPS', ResourceEndpoint: `https://${this.endpoint}` },
              { Protocol: 'WSS', ResourceEndpoint: this.wssEndpoint },
            ],
          },
        };
      case '/v1/get-ice-server-config':
        return { body: { IceServerList: [this.#turnServer()] } };
      default:
        return refused(404, 'UnknownOperationException', asked.url);
    }
  }

  /** On a port where nothing answers: the login's number tells one answer from another. */
  #turnServer() {
    this.#turns += 1;
    const Uris = ['turn:127.0.0.1:9?transport=udp', 'turns:127.0.0.1:9?transport=udp'];
    return { Uris, Username: `login-${this.#turns}`, Password: 'secret', Ttl: this.settings.turnTtlS };
  }

  #nameOf(arn: unknown): string {
    return [...this.#channels].find(([, known]) => known === arn)?.[0] ?? '';
  }

  #verify({ method, url, headers, body }: Pick<Asked, 'method' | 'url' | 'headers' | 'body'>): SigV4Verdict {
    const secretOf = (id: string) => {
      const grant = this.#grants.get(id);
      return grant && grant.expiresMs > this.wallMs() ? grant : null;
    };
    const expected = { service: SERVICE, region: REGION, secretOf, nowMs: this.wallMs() };
    return verifySigV4({ method, url, headers, body }, expected);
  }

  #onUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const { url = '', headers } = request;
    const query = new URL(url, 'https://service').searchParams;
    this.calls.push('socket');
    const turnAway = (status: number, type: string) => {
      stream.end(
        `HTTP/1.1 ${status} Refused\r\nDate: ${new Date(this.wallMs()).toUTCString()}\r\n` +
          `x-amzn-ErrorType: ${type}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );
    };
    const refusal = this.settings.refusals.get('socket');
    if (refusal) return turnAway(refusal.status, refusal.type);
    const verdict = this.#verify({ method: 'GET', url, headers, body: '' });
    if (!verdict.ok) return turnAway(403, verdict.code);
    const grant = this.#grants.get(verdict.accessKeyId)!;
    const clientId = query.get('X-Amz-ClientId');
    const may = clientId === null ? 'master' : 'viewer';
    if (grant.may !== may || this.#nameOf(query.get('X-Amz-ChannelARN')) !== grant.thing) {
      return turnAway(403, 'AccessDeniedException');
    }
    if (clientId !== null && !this.#viewers.has(clientId) && this.#viewers.size >= MAX_VIEWERS) {
      return turnAway(400, 'ClientLimitExceededException');
    }
    this.#sockets.handleUpgrade(request, stream, head, (socket) => this.#welcome(socket, clientId));
  }

  #welcome(socket: WebSocket, clientId: string | null): void {
    const connection: Connection = { socket, clientId, times: new Map() };
    socket.on('message', (data) => this.#onMessage(connection, String(data)));
    socket.on('error', () => socket.terminate());
    if (clientId !== null) {
      this.#viewers.get(clientId)?.socket.close(1000);
      this.#viewers.set(clientId, connection);
      socket.on('close', () => {
        if (this.#viewers.get(clientId) === connection) this.#viewers.delete(clientId);
      });
      return;
    }
    this.masterConnections += 1;
    const before = this.#master;
    this.#master = connection;
    if (before && this.settings.displaced === 'closed') before.socket.close(1000);
    socket.on('close', () => {
      if (this.#master === connection) this.#master = null;
    });
    const nowMs = Date.now();
    for (const { text, atMs } of this.#kept.splice(0)) {
      if (nowMs - atMs < MESSAGE_TTL_MS) socket.send(text);
    }
  }

  #onMessage(from: Connection, text: string): void {
    const message = JSON.parse(text) as Partial<Record<string, string>>;
    const { action = '', messagePayload = '', recipientClientId, correlationId } = message;
    const fail = (statusCode: string, errorType: string, description: string) => {
      this.violations.push(`${action}: ${errorType}`);
      if (correlationId === undefined) return;
      const statusResponse = { correlationId, errorType, statusCode, description };
      from.socket.send(
        JSON.stringify({ messageType: 'STATUS_RESPONSE', messagePayload: '', statusResponse }),
      );
    };
    if (!(action in PER_S)) return fail('400', 'InvalidArgumentException', 'unknown action');
    if (messagePayload.length > MAX_PAYLOAD)
      return fail('400', 'InvalidArgumentException', 'payload too long');
    if (!this.#withinRate(from, action as keyof typeof PER_S)) {
      return fail('400', 'ClientLimitExceededException', 'too many messages');
    }
    if (from.clientId !== null) {
      const senderClientId = from.clientId;
      return this.#toMaster(JSON.stringify({ senderClientId, messageType: action, messagePayload }));
    }
    const viewer = this.#viewers.get(recipientClientId ?? '');
    if (viewer) return viewer.socket.send(JSON.stringify({ messageType: action, messagePayload }));
    // A viewer that has left in between is no fault of the master's.
    if (correlationId !== undefined) {
      const statusResponse = {
        correlationId,
        errorType: 'NotFoundException',
        statusCode: '404',
        description: 'gone',
      };
      from.socket.send(
        JSON.stringify({ messageType: 'STATUS_RESPONSE', messagePayload: '', statusResponse }),
      );
    }
  }

  #toMaster(text: string): void {
    const { socket } = this.#master ?? {};
    if (socket?.readyState === WebSocket.OPEN) socket.send(text);
    else if (this.#kept.length < MAX_KEPT) this.#kept.push({ text, atMs: Date.now() });
  }

  #withinRate({ times }: Connection, action: keyof typeof PER_S): boolean {
    const nowMs = Date.now();
    const recent = (times.get(action) ?? []).filter((atMs) => nowMs - atMs < 1000);
    recent.push(nowMs);
    times.set(action, recent);
    // A burst at the edge of two seconds is within the quota.
    return recent.length <= 2 * PER_S[action];
  }
}

function refused(status: number, type: string, message: string): Answer {
  return { status, headers: { 'x-amzn-ErrorType': type }, body: { message } };
}
