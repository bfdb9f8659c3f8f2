import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { auditTime, interval, merge, type Subscription } from 'rxjs';
import { type WebSocket, WebSocketServer } from 'ws';
import { authenticate, checkHost, FIXED, type Identity } from './auth.ts';
import { OperatorSession } from './operator-session.ts';
import type { RobotAccess, TeleopOptions } from './robot-access.ts';
import { MAX_SESSION_MESSAGE_BYTES, type ServerMessage } from './wire.ts';

/** A reader this far behind gets no more states; twice as far, it is cut off. Bytes. */
const SLOW_READER_BYTES = 256 * 1024;
/** A link that answers no ping for this long is gone; its lease ends with it. */
const PING_EVERY_MS = 1_000;
const PINGS_MISSED = 3;
/** Changes that come together are told together. */
const GATHER_MS = 5;

/** Close codes of `/teleop`, in the range for applications (RFC 6455, 7.4.2). */
export const CLOSE_TOKEN_REVOKED = 4401;
export const CLOSE_GOING_AWAY = 1012;

interface Connected {
  readonly socket: WebSocket;
  readonly identity: Identity;
  readonly session: OperatorSession;
  unanswered: number;
}

/** The WebSocket `/teleop` on an HTTP server that exists already. */
export class Sockets {
  readonly #robot: RobotAccess;
  readonly #options: TeleopOptions;
  readonly #hosts: ReadonlySet<string>;
  readonly #connected = new Set<Connected>();
  readonly #subscriptions: Subscription[];
  readonly #ws = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_SESSION_MESSAGE_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
  });

  constructor(server: Server, robot: RobotAccess, options: TeleopOptions, hosts: ReadonlySet<string>) {
    this.#robot = robot;
    this.#options = options;
    this.#hosts = hosts;
    server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) =>
      this.#upgrade(request, stream, head),
    );
    this.#subscriptions = [
      merge(interval(options.stateEveryMs), robot.pipeline.changes$.pipe(auditTime(GATHER_MS))).subscribe(
        () => this.#tellState(),
      ),
      interval(PING_EVERY_MS).subscribe(() => this.#checkLinks()),
    ];
  }

  get size(): number {
    return this.#connected.size;
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    for (const { socket } of this.#connected) socket.close(CLOSE_GOING_AWAY, 'The robot goes away');
    for (const one of [...this.#connected]) this.#leave(one);
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', () => stream.destroy());
    const url = new URL(request.url ?? '/', 'http://robot');
    if (url.pathname !== '/teleop') return turnAway(stream, 404, 'not_found', 'Expected /teleop');
    const foreign = checkHost(request, this.#hosts);
    if (foreign) return turnAway(stream, foreign.status, foreign.code, foreign.message);
    const identity = authenticate(request, url, this.#robot.tokens, this.#options.token);
    if ('status' in identity) return turnAway(stream, identity.status, identity.code, identity.message);
    if (this.#connected.size >= this.#options.maxConnections) {
      const message = `Expected at most ${this.#options.maxConnections} connections`;
      return turnAway(stream, 429, 'too_many_connections', message);
    }
    this.#ws.handleUpgrade(request, stream, head, (socket) => this.#welcome(socket, identity));
  }

  #welcome(socket: WebSocket, known: Identity): void {
    const send = (message: ServerMessage) => write(socket, JSON.stringify(message));
    const id = randomBytes(6).toString('hex');
    const identity = this.#distinct(known);
    const session = new OperatorSession(id, identity, this.#robot, this.#options, { send });
    const one: Connected = { socket, identity, session, unanswered: 0 };
    this.#connected.add(one);
    socket.on('message', (data) => session.receive(data as Buffer));
    socket.on('pong', () => {
      one.unanswered = 0;
    });
    socket.on('error', (error) => this.#robot.logger.debug({ link: id, err: error }, 'teleop link broke'));
    socket.on('close', () => this.#leave(one));
    this.#robot.logger.info({ link: id, name: identity.name, role: identity.role }, 'teleop link opened');
    send({ hello: { ...this.#robot.hello, you: { id, name: identity.name, role: identity.role } } });
    send({ state: this.#robot.state() });
  }

  /** Two pages of one device have one name; operators have to tell them apart. */
  #distinct(identity: Identity): Identity {
    const taken = new Set([...this.#connected].map((one) => one.identity.name));
    let { name } = identity;
    for (let n = 2; taken.has(name); n++) name = `${identity.name} ${n}`;
    return { ...identity, name };
  }

  #leave(one: Connected): void {
    if (!this.#connected.delete(one)) return;
    one.session.close();
    this.#robot.logger.info({ link: one.session.sender.id, name: one.identity.name }, 'teleop link ended');
  }

  #tellState(): void {
    if (this.#connected.size === 0) return;
    const text = JSON.stringify({ state: this.#robot.state() } satisfies ServerMessage);
    for (const { socket } of this.#connected) {
      if (socket.bufferedAmount < SLOW_READER_BYTES) write(socket, text);
    }
  }

  #checkLinks(): void {
    for (const one of this.#connected) {
      if (one.identity.tokenId !== FIXED && !this.#robot.tokens.has(one.identity.tokenId)) {
        one.socket.close(CLOSE_TOKEN_REVOKED, 'This token was revoked');
        this.#leave(one);
      } else if (one.unanswered >= PINGS_MISSED) {
        one.socket.terminate();
        this.#leave(one);
      } else {
        one.unanswered += 1;
        one.socket.ping();
      }
    }
  }
}

function write(socket: WebSocket, text: string): void {
  if (socket.readyState !== socket.OPEN) return;
  if (socket.bufferedAmount > 2 * SLOW_READER_BYTES) socket.terminate();
  else socket.send(text);
}

const PHRASES: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
};

function turnAway(stream: Duplex, status: number, code: string, message: string): void {
  const body = JSON.stringify({ code, message });
  stream.end(
    `HTTP/1.1 ${status} ${PHRASES[status] ?? 'Refused'}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
