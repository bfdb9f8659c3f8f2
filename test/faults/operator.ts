import { once } from 'node:events';
import { WebSocket } from 'ws';

/** The default of command.watchdogMs. */
export const WATCHDOG_MS = 400;
/** The page repeats a held command five times a watchdog window. */
const SEND_EVERY_MS = WATCHDOG_MS / 5;

/** Who drives: a WebSocket client that holds its control at full speed, as the page does. */
export class Operator {
  readonly #socket: WebSocket;
  #repeating: NodeJS.Timeout | undefined;
  /** When the last command was handed to the network. */
  lastSentNs = 0n;
  /** Whether commands carry when they were given, as the page's do. */
  stamps = true;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    // A runtime that is killed closes it in many ways.
    socket.on('error', () => undefined);
    socket.on('message', () => undefined);
  }

  static async connect(url: string, token: string): Promise<Operator> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/teleop?token=${token}`);
    await once(socket, 'open');
    return new Operator(socket);
  }

  send(message: object): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.lastSentNs = process.hrtime.bigint();
    this.#socket.send(JSON.stringify(message));
  }

  hold(linear = 1): void {
    this.fallSilent();
    const send = () =>
      this.send({
        drive: { linear, angular: 0 },
        ...(this.stamps && { issuedAtMs: Date.now(), ttlMs: WATCHDOG_MS }),
      });
    send();
    this.#repeating = setInterval(send, SEND_EVERY_MS);
  }

  fallSilent(): void {
    clearInterval(this.#repeating);
  }

  letGo(): void {
    this.fallSilent();
    this.send({ drive: { linear: 0, angular: 0 } });
  }

  /** Ends the connection without a closing handshake, as a program that dies does. */
  drop(): void {
    this.fallSilent();
    this.#socket.terminate();
  }
}
