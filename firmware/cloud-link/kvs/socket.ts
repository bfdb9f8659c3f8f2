import type { Agent } from 'node:https';
import { interval, type Subscription } from 'rxjs';
import { WebSocket } from 'ws';
import { MAX_MESSAGE_BYTES } from './messages.ts';

export interface SocketEvents {
  opened(): void;
  message(text: string): void;
  /** Once: it never opened, or has ended. `status` of the HTTP answer that turned it away, with its Date. */
  ended(reason: {
    readonly detail: string;
    readonly status?: number;
    readonly date?: string | undefined;
  }): void;
}

export interface SignalingSocket {
  /** False when it is not open. */
  send(text: string): boolean;
  /** Ends it without a word to its events. */
  close(): void;
}

export type OpenSocket = (url: string, events: SocketEvents) => SignalingSocket;

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** The service ends what is idle for 10 min, and a path that died says nothing: both are met by pings. */
const PING_EVERY_MS = 10_000;
const PINGS_MISSED = 2;

/** One WebSocket to the signaling service. */
export function openSocket(agent: Agent): OpenSocket {
  return (url, events) => {
    const socket = new WebSocket(url, {
      agent,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: 2 * MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    let over = false;
    let unanswered = 0;
    let pinging: Subscription | null = null;
    const end = (reason: Parameters<SocketEvents['ended']>[0]) => {
      pinging?.unsubscribe();
      if (over) return;
      over = true;
      events.ended(reason);
    };
    socket.on('open', () => {
      if (over) return socket.terminate();
      pinging = interval(PING_EVERY_MS).subscribe(() => {
        if (unanswered >= PINGS_MISSED) return socket.terminate();
        unanswered += 1;
        socket.ping();
      });
      events.opened();
    });
    socket.on('pong', () => {
      unanswered = 0;
    });
    socket.on('message', (data, isBinary) => {
      unanswered = 0;
      if (!over && !isBinary) events.message(String(data));
    });
    socket.on('unexpected-response', (_request, response) => {
      const { statusCode = 0, headers } = response;
      response.resume();
      end({ detail: `turned away with ${statusCode}`, status: statusCode, date: headers.date });
      socket.terminate();
    });
    // The address holds secrets: of an error only the message is told, which does not have it.
    socket.on('error', (error) => end({ detail: error.message }));
    socket.on('close', (code) => end({ detail: `closed with ${code}` }));
    return {
      send(text) {
        if (over || socket.readyState !== WebSocket.OPEN) return false;
        socket.send(text);
        return true;
      },
      close() {
        over = true;
        pinging?.unsubscribe();
        // Before it is open, ws tells an abort as an error.
        socket.close(1000);
        setTimeout(() => socket.terminate(), 1000).unref();
      },
    };
  };
}
