import * as z from 'zod/mini';
import type { IceCandidate } from '../../video/engine.ts';

/** Of one message's payload, in base64, either way (service quota of the signaling messages). */
export const MAX_PAYLOAD_CHARACTERS = 10_000;
/** Of a whole message: a payload and a little around it. A larger one ends the socket. */
export const MAX_MESSAGE_BYTES = 32 * 1024;

export type Incoming =
  | { readonly type: 'offer'; readonly clientId: string; readonly sdp: string }
  | { readonly type: 'candidate'; readonly clientId: string; readonly candidate: IceCandidate }
  | { readonly type: 'goAway' | 'reconnectIceServer' }
  /** Something this side sent was not delivered. */
  | {
      readonly type: 'status';
      readonly correlationId: string;
      readonly errorType: string;
      readonly text: string;
    }
  | { readonly type: 'ignored'; readonly why: string };

export type Outgoing =
  | { readonly type: 'answer'; readonly clientId: string; readonly sdp: string }
  | { readonly type: 'candidate'; readonly clientId: string; readonly candidate: IceCandidate };

/** As KVS restricts them. */
const clientId = z.string().check(z.regex(/^[a-zA-Z0-9_.-]{1,256}$/));
const envelope = z.object({
  messageType: z.string(),
  senderClientId: z.optional(z.string()),
  messagePayload: z.optional(z.string()),
  statusResponse: z.optional(
    z.object({
      correlationId: z.optional(z.string()),
      errorType: z.optional(z.string()),
      statusCode: z.optional(z.string()),
      description: z.optional(z.string()),
    }),
  ),
});
const offer = z.object({ type: z.literal('offer'), sdp: z.string().check(z.maxLength(25_000)) });
const candidate = z.object({
  candidate: z.string().check(z.maxLength(1024)),
  sdpMid: z.optional(z.nullable(z.string().check(z.maxLength(64)))),
});

/** Reads one message off the socket. What can't be used, or is not known, is ignored with a word why. */
export function readMessage(text: string): Incoming {
  // The service keeps a connection alive with empty messages.
  if (text === '') return ignored('empty');
  const message = envelope.safeParse(parse(text));
  if (!message.success) return ignored('no signaling message');
  const { messageType, messagePayload = '', statusResponse } = message.data;
  switch (messageType) {
    case 'GO_AWAY':
      return { type: 'goAway' };
    case 'RECONNECT_ICE_SERVER':
      return { type: 'reconnectIceServer' };
    case 'STATUS_RESPONSE': {
      const { correlationId = '', errorType = '', statusCode = '', description = '' } = statusResponse ?? {};
      const text = `${statusCode} ${description}`.trim().slice(0, 200);
      return { type: 'status', correlationId, errorType: errorType.slice(0, 100), text };
    }
    case 'SDP_OFFER':
    case 'ICE_CANDIDATE':
      return fromViewer(messageType, message.data.senderClientId, messagePayload);
    default:
      return ignored(`message of type ${messageType.slice(0, 40)}`);
  }
}

export function writeMessage(message: Outgoing, correlationId: string): string {
  const content =
    message.type === 'answer'
      ? { type: 'answer', sdp: message.sdp }
      : // The only m-line that a bundled connection needs candidates for is the first.
        { ...message.candidate, sdpMLineIndex: 0 };
  return JSON.stringify({
    action: message.type === 'answer' ? 'SDP_ANSWER' : 'ICE_CANDIDATE',
    recipientClientId: message.clientId,
    messagePayload: Buffer.from(JSON.stringify(content)).toString('base64'),
    correlationId,
  });
}

function fromViewer(
  type: 'SDP_OFFER' | 'ICE_CANDIDATE',
  sender: string | undefined,
  payload: string,
): Incoming {
  const from = clientId.safeParse(sender);
  if (!from.success) return ignored(`${type} without a client id`);
  if (payload.length > MAX_PAYLOAD_CHARACTERS * 4) return ignored(`${type} of ${payload.length} characters`);
  const content = parse(Buffer.from(payload, 'base64').toString('utf8'));
  if (type === 'SDP_OFFER') {
    const read = offer.safeParse(content);
    return read.success
      ? { type: 'offer', clientId: from.data, sdp: read.data.sdp }
      : ignored('offer without SDP');
  }
  const read = candidate.safeParse(content);
  if (!read.success) return ignored('candidate without its text');
  const { candidate: text, sdpMid = null } = read.data;
  return { type: 'candidate', clientId: from.data, candidate: { candidate: text, sdpMid } };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function ignored(why: string): Incoming {
  return { type: 'ignored', why };
}
