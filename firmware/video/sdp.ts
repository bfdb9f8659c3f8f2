import { type IceCandidate, VideoError } from './engine.ts';

/** As in Amazon KVS; far above what a browser's offer of one video and one data channel takes. */
export const MAX_SDP_CHARACTERS = 25_000;

/** A token (RFC 8866 section 9), of a length nobody exceeds. */
export const MID = /^[\w.!#$%&'*+^`{|}~-]{1,64}$/;

const PLAYOUT_DELAY_URI = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';

/** What an answer needs to know of a viewer's offer. */
export interface Offer {
  /** The offer without its candidates. */
  readonly sdp: string;
  /** Those that came within the offer. */
  readonly candidates: readonly IceCandidate[];
  /** Stays the same over all offers of one RTCPeerConnection (RFC 8829 section 5.2.2). */
  readonly sessionId: string;
  /** A new one restarts ICE (RFC 8829 section 5.2.1). */
  readonly iceUfrag: string;
  readonly video: {
    readonly mid: string;
    readonly payloadType: number;
    readonly profileLevelId: string;
    /** Number of the header extension `playout-delay`, where offered. */
    readonly playoutDelayId: number | null;
  };
}

interface Section {
  readonly kind: string;
  readonly port: string;
  readonly payloadTypes: readonly string[];
  readonly attributes: readonly string[];
}

/** @throws VideoError `bad_offer` when this is not SDP, or offers to receive no H.264 with packetization-mode 1 */
export function readOffer(sdp: string): Offer {
  if (sdp.length > MAX_SDP_CHARACTERS) {
    throw badOffer(`to have at most ${MAX_SDP_CHARACTERS} characters but received ${sdp.length}`);
  }
  const lines = sdp.split(/\r\n|\r|\n/).filter((line) => line !== '');
  if (lines[0] !== 'v=0') throw badOffer('to be SDP, which begins with v=0, but received something else');
  const { session, sections } = divide(lines);
  const origin = session.find((line) => line.startsWith('o='))?.split(' ') ?? [];
  const video = sections.map(h264Of).find((found) => found !== null);
  if (!video) throw badOffer('to ask for H.264 video with packetization-mode 1, which it does not');
  const iceUfrag = attribute(sections[0]?.attributes ?? [], 'ice-ufrag') ?? attribute(session, 'ice-ufrag');
  if (iceUfrag === undefined) throw badOffer('to have an ice-ufrag but received none');
  return {
    sdp: `${lines.filter((line) => !isCandidate(line)).join('\r\n')}\r\n`,
    candidates: sections.flatMap(({ attributes }) => {
      const sdpMid = attribute(attributes, 'mid') ?? null;
      return attributes.filter(isCandidate).map((line) => ({ candidate: line.slice(2), sdpMid }));
    }),
    sessionId: origin[1] ?? '',
    iceUfrag,
    video,
  };
}

/** Declines whatever else the offer had: sound, or more than one picture. The data channel stays. */
export function declineOthers(answerSdp: string, videoMid: string): string {
  const parts = answerSdp.split(/(?=^m=)/m);
  return parts
    .map((part) =>
      /^m=(audio|video) /.test(part) && attribute(part.split(/\r?\n/), 'mid') !== videoMid
        ? part.replace(/^a=(sendrecv|sendonly|recvonly)$/gm, 'a=inactive')
        : part,
    )
    .join('');
}

function divide(lines: readonly string[]) {
  const session: string[] = [];
  const sections: (Section & { attributes: string[] })[] = [];
  for (const line of lines) {
    if (line.startsWith('m=')) {
      const [kind = '', port = '', , ...payloadTypes] = line.slice(2).split(' ');
      sections.push({ kind, port, payloadTypes, attributes: [] });
    } else {
      (sections.at(-1)?.attributes ?? session).push(line);
    }
  }
  return { session, sections };
}

function h264Of({ kind, port, payloadTypes, attributes }: Section): Offer['video'] | null {
  const mid = attribute(attributes, 'mid');
  const receives = !attributes.includes('a=sendonly') && !attributes.includes('a=inactive');
  // Port 0 together with bundle-only is not a refusal (RFC 8843 section 6).
  const refused = port === '0' && !attributes.includes('a=bundle-only');
  if (kind !== 'video' || refused || !receives || mid === undefined || !MID.test(mid)) {
    return null;
  }
  const formats = payloadTypes.flatMap((payloadType) => {
    if (!attributes.some((line) => line.toUpperCase() === `A=RTPMAP:${payloadType} H264/90000`)) return [];
    const parameters = parametersOf(attributes, payloadType);
    // RFC 6184 section 8.1: absent means mode 0 and baseline level 1.
    const profileLevelId = (parameters.get('profile-level-id') ?? '42000a').toLowerCase();
    if (parameters.get('packetization-mode') !== '1' || !/^42[0-9a-f]{4}$/.test(profileLevelId)) return [];
    return [{ payloadType: Number(payloadType), profileLevelId }];
  });
  const format = formats.find(({ profileLevelId }) => profileLevelId === '42e01f') ?? formats[0];
  if (!format || !(format.payloadType >= 0 && format.payloadType <= 127)) return null;
  return { mid, ...format, playoutDelayId: extensionId(attributes, PLAYOUT_DELAY_URI) };
}

function parametersOf(attributes: readonly string[], payloadType: string): Map<string, string> {
  const prefix = `a=fmtp:${payloadType} `;
  const text = attributes.find((line) => line.startsWith(prefix))?.slice(prefix.length) ?? '';
  return new Map(
    text.split(';').map((pair) => {
      const [name = '', value = ''] = pair.split('=');
      return [name.trim().toLowerCase(), value.trim()];
    }),
  );
}

/** RFC 8285: ids 1..14 fit the one-byte header. */
export function extensionId(attributes: readonly string[], uri: string): number | null {
  for (const line of attributes) {
    const found = /^a=extmap:(\d+)(?:\/\w+)? (\S+)/.exec(line);
    const id = Number(found?.[1]);
    if (found?.[2] === uri && id >= 1 && id <= 14) return id;
  }
  return null;
}

export function attribute(lines: readonly string[], name: string): string | undefined {
  const prefix = `a=${name}:`;
  return lines
    .find((line) => line.startsWith(prefix))
    ?.slice(prefix.length)
    .trim();
}

function isCandidate(line: string): boolean {
  return line.startsWith('a=candidate:');
}

function badOffer(expectation: string): VideoError {
  return new VideoError('bad_offer', `Expected the offer ${expectation}`);
}
