import { isIP } from 'node:net';
import { VideoError } from './engine.ts';
import { attribute, extensionId, MID, type Offer } from './sdp.ts';

/**
 * Offers and answers between a viewer and the KVS SDK. The SDK's reader of SDP trusts what it reads, so that it only
 * gets an offer written here, from parts that were checked; it knows one video and one data channel in one bundle.
 */

const TWCC_URI = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
/** As in the other engine: far above a command's 1 KiB. */
const MAX_DATA_MESSAGE_BYTES = 16 * 1024;

interface Parts {
  readonly video: readonly string[];
  /** Mid of the data channel's line, null where there is none that can be taken. */
  readonly dataMid: string | null;
  readonly twccId: number | null;
  readonly transport: readonly string[];
}

/** @throws VideoError `bad_offer` when it lacks what it takes to connect securely */
export function offerForSdk(offer: Offer): string {
  const { dataMid, twccId, transport } = partsOf(offer);
  const { mid, payloadType } = offer.video;
  const bundle = dataMid === null ? mid : `${mid} ${dataMid}`;
  const lines = [
    'v=0',
    'o=- 1 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${bundle}`,
    `m=video 9 UDP/TLS/RTP/SAVPF ${payloadType}`,
    'c=IN IP4 0.0.0.0',
    ...transport,
    `a=mid:${mid}`,
    ...(twccId === null ? [] : [`a=extmap:${twccId} ${TWCC_URI}`]),
    'a=recvonly',
    'a=rtcp-mux',
    'a=rtcp-rsize',
    `a=rtpmap:${payloadType} H264/90000`,
    `a=rtcp-fb:${payloadType} nack`,
    `a=rtcp-fb:${payloadType} nack pli`,
    // The one profile the SDK knows; no `rtx`, so that lost packets are sent again within the stream.
    `a=fmtp:${payloadType} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f`,
  ];
  if (dataMid !== null) {
    lines.push(
      'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
      'c=IN IP4 0.0.0.0',
      ...transport,
      `a=mid:${dataMid}`,
      'a=sctp-port:5000',
    );
  }
  return textOf(lines);
}

/** The viewer's answer, out of what the SDK answered to `offerForSdk(offer)`. */
export function answerForViewer(offer: Offer, sdkAnswer: string): string {
  const { dataMid, twccId } = partsOf(offer);
  const [session = [], video = [], data = []] = sectionsOf(sdkAnswer);
  const answered = sectionsOf(offer.sdp)
    .slice(1)
    .map((section) => {
      const mid = attribute(section, 'mid');
      if (mid === offer.video.mid) return videoAnswer(video, offer, twccId);
      if (dataMid !== null && mid === dataMid) {
        return [...plain(data), `a=max-message-size:${MAX_DATA_MESSAGE_BYTES}`];
      }
      return declined(section);
    });
  return textOf([session, ...answered].flat());
}

/** The SDK up to 1.16 leaves the extension out and then hears nothing of what arrives. */
function videoAnswer(section: readonly string[], { video }: Offer, twccId: number | null): string[] {
  const fmtp = `a=fmtp:${video.payloadType} `;
  const lines = plain(section)
    .filter((line) => !/^a=extmap:/.test(line))
    .map((line) =>
      line.startsWith(fmtp)
        ? `${fmtp}level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=${video.profileLevelId}`
        : line,
    );
  return twccId === null ? lines : [...lines, `a=extmap:${twccId} ${TWCC_URI}`];
}

/** RFC 3264 section 6: a line that is not taken is answered with port 0. */
function declined(section: readonly string[]): string[] {
  const [first = '', ...lines] = section;
  const mid = attribute(lines, 'mid');
  return [
    first.replace(/^(m=\S+) \S+/, '$1 0'),
    'c=IN IP4 0.0.0.0',
    ...(mid === undefined ? [] : [`a=mid:${mid}`]),
    'a=inactive',
  ];
}

function partsOf(offer: Offer): Parts {
  const [session = [], ...sections] = sectionsOf(offer.sdp);
  const video = sections.find((section) => attribute(section, 'mid') === offer.video.mid) ?? [];
  const bundled = (attribute(session, 'group') ?? '').replace(/^BUNDLE /, '').split(' ');
  const data = sections.find((section) =>
    /^m=application [1-9]\d* \S+ webrtc-datachannel$/.test(section[0] ?? ''),
  );
  const dataMid = attribute(data ?? [], 'mid') ?? '';
  const together = MID.test(dataMid) && bundled.includes(dataMid) && bundled.includes(offer.video.mid);
  return {
    video,
    dataMid: together ? dataMid : null,
    twccId: extensionId(video, TWCC_URI),
    transport: transportOf([...video, ...session]),
  };
}

function transportOf(lines: readonly string[]): string[] {
  const ufrag = needed(lines, 'ice-ufrag', /^[A-Za-z0-9+/]{4,256}$/);
  const pwd = needed(lines, 'ice-pwd', /^[A-Za-z0-9+/]{22,256}$/);
  const fingerprint = needed(lines, 'fingerprint', /^sha-256 (?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$/i);
  // The SDK begins the DTLS handshake.
  needed(lines, 'setup', /^(?:actpass|passive)$/);
  return [
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${pwd}`,
    'a=ice-options:trickle',
    `a=fingerprint:sha-256 ${fingerprint.slice('sha-256 '.length).toUpperCase()}`,
    'a=setup:actpass',
  ];
}

function needed(lines: readonly string[], name: string, form: RegExp): string {
  const prefix = `a=${name}:`;
  const values = lines
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length).trim());
  const value = values.find((one) => form.test(one));
  if (value !== undefined) return value;
  throw new VideoError(
    'bad_offer',
    `Expected the offer to have an ${name} the KVS SDK can use but received ${values[0]?.slice(0, 80) ?? 'none'}`,
  );
}

/** Without what the SDK says of addresses behind its own, which is not an address (`raddr ::/0`). */
export function plainCandidate(candidate: string): string {
  const found =
    /^(candidate:\S+ \d+ udp \d+ \S+ \d+ typ (host|srflx|prflx|relay))(?: raddr (\S+) rport (\d+))?/i.exec(
      candidate,
    );
  if (!found?.[1] || found[2] === 'host') return found?.[1] ?? candidate;
  const related = isIP(found[3] ?? '') ? `${found[3]} rport ${found[4]}` : '0.0.0.0 rport 0';
  return `${found[1]} raddr ${related}`;
}

function plain(section: readonly string[]): string[] {
  return section.map((line) =>
    line.startsWith('a=candidate:') ? `a=${plainCandidate(line.slice('a='.length))}` : line,
  );
}

/** The first is the session's part. */
function sectionsOf(sdp: string): string[][] {
  const sections: string[][] = [[]];
  for (const line of sdp.split(/\r\n|\r|\n/).filter((text) => text !== '')) {
    if (line.startsWith('m=')) sections.push([]);
    sections.at(-1)?.push(line);
  }
  return sections;
}

function textOf(lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n`;
}
