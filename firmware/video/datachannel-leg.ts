import { randomInt } from 'node:crypto';
import type * as rtc from 'node-datachannel';
import { type PeerState, rtpTimestamp, VideoError } from './engine.ts';
import { CHANNEL_LABEL, type FrameCounts, type KeptChannel, type Leg, type LegEvents } from './leg.ts';
import { KEPT_PACKETS } from './loss.ts';
import { ReceiverFeedback } from './receiver-feedback.ts';
import { declineOthers, type Offer } from './sdp.ts';

export type RtcModule = typeof rtc;

/** RTP payload: with the headers of IP, UDP, SRTP and extensions it stays below 1280, the least MTU of IPv6. */
const MAX_FRAGMENT_BYTES = 1200;
/** A viewer needs one; one that goes on opening them is ended. */
const MAX_CHANNELS = 8;
/** Data to the viewer that may wait; beyond that it is refused. */
const MAX_WAITING_BYTES = 64 * 1024;
/** Should the library not tell that something closed, closing is over after this. */
const CLOSE_TIMEOUT_MS = 5000;
const PLAYOUT_DELAY_URI = 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay';

/** What the library still holds although it was closed: to be kept until its clean-up has run. */
const undead = new Set<object>();

/** To be called after the module's `cleanup`. */
export function forgetUndead(): void {
  undead.clear();
}

/**
 * One libdatachannel connection with its track.
 *
 * The wrapper of node-datachannel 0.33 asks for some care (src/cpp/*-wrapper.cpp):
 * - It frees a connection, track or channel only when "closed" was delivered to a listener of ours, keeps the
 *   process alive until then, and must not be collected before.
 * - A track frees its other listeners only when its own `close` is called.
 * - An exception that leaves a listener ends the process.
 */
export class DatachannelLeg implements Leg {
  readonly offer: Offer;
  readonly #ssrc = randomInt(1, 2 ** 32 - 1);
  readonly #feedback: ReceiverFeedback;
  readonly #module: RtcModule;
  readonly #events: LegEvents;
  readonly #connection: rtc.PeerConnection;
  readonly #rtpConfig: rtc.RtpPacketizationConfig;
  readonly #track: rtc.Track;
  /** Everything whose "closed" has not come yet. */
  readonly #open = new Set<object>();
  readonly #allClosed: Promise<void>;
  #resolveAllClosed: () => void = () => {};
  readonly #frames = { framesSent: 0, framesDropped: 0, bytesSent: 0 };
  readonly #channels = new Set<rtc.DataChannel>();
  #announcedChannels = 0;
  #channel: rtc.DataChannel | null = null;
  #state: PeerState = 'new';
  #kept: KeptChannel | null;
  #live = true;
  #closing = false;

  /** @throws Error of the library when it refuses the configuration */
  constructor(
    module: RtcModule,
    config: rtc.RtcConfig,
    offer: Offer,
    events: LegEvents,
    kept: KeptChannel | null,
    wallMs: () => number,
  ) {
    this.offer = offer;
    this.#feedback = new ReceiverFeedback(this.#ssrc, wallMs);
    this.#module = module;
    this.#events = events;
    this.#allClosed = new Promise((resolve) => {
      this.#resolveAllClosed = resolve;
    });
    this.#connection = new module.PeerConnection('viewer', config);
    this.#open.add(this.#connection);
    this.#connection.onStateChange(safely((state) => this.#connectionState(state as PeerState)));
    this.#connection.onLocalCandidate(
      safely((candidate, mid) => {
        if (this.#live) events.candidate({ candidate: candidate.replace(/^a=/, ''), sdpMid: mid });
      }),
    );
    this.#connection.onDataChannel(safely((channel) => this.#announced(channel)));
    this.#rtpConfig = new module.RtpPacketizationConfig(
      this.#ssrc,
      CNAME,
      offer.video.payloadType,
      RTP_CLOCK_HZ,
    );
    this.#track = this.#addTrack();
    this.#kept = kept;
  }

  async answer(offer: Offer): Promise<string> {
    try {
      return this.#answer(offer);
    } catch (cause) {
      throw new VideoError('bad_offer', `libdatachannel refused the offer: ${messageOf(cause)}`, { cause });
    }
  }

  #answer(offer: Offer): string {
    this.#connection.setRemoteDescription(offer.sdp, 'offer');
    const answer = this.#connection.localDescription();
    if (answer?.type !== 'answer') throw new Error('libdatachannel gave no answer');
    if (this.#kept) this.#adopt(this.#connection.createDataChannel(CHANNEL_LABEL, settingsOf(this.#kept)));
    this.#kept = null;
    return declineOthers(answer.sdp, offer.video.mid);
  }

  /** Candidates the library can't use are ignored. */
  addCandidate(text: string): void {
    if (this.#live) attempt(() => this.#connection.addRemoteCandidate(text, this.offer.video.mid));
  }

  sendFrame(data: Buffer, _keyFrame: boolean, capturedUs: number): boolean {
    const sent = this.#send(data, rtpTimestamp(capturedUs));
    if (sent) {
      this.#frames.framesSent += 1;
      this.#frames.bytesSent += data.byteLength;
    } else {
      this.#frames.framesDropped += 1;
    }
    return sent;
  }

  #send(data: Buffer, timestamp: number): boolean {
    if (!this.#live || this.#state !== 'connected' || !this.#track.isOpen()) return false;
    this.#rtpConfig.timestamp = timestamp;
    return attempt(() => this.#track.sendMessageBinary(data)) ?? false;
  }

  frames(): FrameCounts {
    return { ...this.#frames };
  }

  sendData(text: string): boolean {
    const channel = this.#channel;
    if (!this.#live || !channel?.isOpen() || channel.bufferedAmount() > MAX_WAITING_BYTES) return false;
    return attempt(() => channel.sendMessage(text)) ?? false;
  }

  keptChannel(): KeptChannel | null {
    const id = this.#channel?.isOpen() ? this.#channel.getId() : -1;
    return id >= 0 ? { id } : null;
  }

  silence(): void {
    this.#live = false;
  }

  close(): Promise<void> {
    this.silence();
    if (!this.#closing) {
      this.#closing = true;
      for (const channel of this.#channels) attempt(() => channel.close());
      // Also where the connection ended by itself and the track with it: this frees the track's listeners.
      attempt(() => this.#track.close());
      attempt(() => this.#connection.close());
      const timer = setTimeout(() => {
        for (const part of this.#open) undead.add(part);
        this.#resolveAllClosed();
      }, CLOSE_TIMEOUT_MS);
      void this.#allClosed.then(() => clearTimeout(timer));
    }
    return this.#allClosed;
  }

  #addTrack(): rtc.Track {
    const { mid, payloadType, profileLevelId, playoutDelayId } = this.offer.video;
    const video = new this.#module.Video(mid, 'SendOnly');
    video.addH264Codec(
      payloadType,
      `profile-level-id=${profileLevelId};packetization-mode=1;level-asymmetry-allowed=1`,
    );
    video.addSSRC(this.#ssrc, CNAME, STREAM_ID, TRACK_ID);
    if (playoutDelayId !== null) {
      video.parseSdpLine(`a=extmap:${playoutDelayId} ${PLAYOUT_DELAY_URI}`);
      this.#rtpConfig.playoutDelayId = playoutDelayId;
      this.#rtpConfig.playoutDelayMin = 0;
      this.#rtpConfig.playoutDelayMax = 0;
    }
    const track = this.#connection.addTrack(video);
    const packetizer = new this.#module.H264RtpPacketizer(
      'StartSequence',
      this.#rtpConfig,
      MAX_FRAGMENT_BYTES,
    );
    packetizer.addToChain(new this.#module.RtcpSrReporter(this.#rtpConfig));
    packetizer.addToChain(new this.#module.RtcpNackResponder(KEPT_PACKETS));
    track.setMediaHandler(packetizer);
    this.#open.add(track);
    // SRTP is ready here; the data channel's handshake, for which the connection's own state waits, is not.
    track.onOpen(safely(() => this.#tell('connected')));
    track.onMessage(
      safely((packet) => {
        if (this.#live) this.#feedback.read(packet, this.#events);
      }),
    );
    track.onClosed(safely(() => this.#gone(track)));
    return track;
  }

  #announced(channel: rtc.DataChannel): void {
    this.#announcedChannels += 1;
    if (!channel.isOpen()) {
      // The viewer has closed it already; its "closed" has been and will not come to a listener of ours.
      undead.add(channel);
      attempt(() => channel.close());
    } else {
      this.#adopt(channel);
    }
    if (this.#announcedChannels > MAX_CHANNELS) this.#tell('failed');
  }

  #adopt(channel: rtc.DataChannel): void {
    this.#open.add(channel);
    this.#channels.add(channel);
    channel.onClosed(safely(() => this.#channelClosed(channel)));
    if (!this.#live || this.#channel !== null || channel.getLabel() !== CHANNEL_LABEL) {
      attempt(() => channel.close());
      return;
    }
    this.#channel = channel;
    const opened = safely(() => {
      if (this.#live) this.#events.dataOpen(true);
    });
    if (channel.isOpen()) opened();
    else channel.onOpen(opened);
    channel.onMessage(
      safely((data) => {
        if (this.#live && typeof data === 'string') this.#events.data(data);
      }),
    );
  }

  #channelClosed(channel: rtc.DataChannel): void {
    this.#gone(channel);
    this.#channels.delete(channel);
    if (channel !== this.#channel) return;
    this.#channel = null;
    if (this.#live) this.#events.dataOpen(false);
  }

  #connectionState(state: PeerState): void {
    if (state === 'closed') this.#gone(this.#connection);
    // "connected" is told by the track.
    if (state !== 'connected') this.#tell(state);
  }

  #tell(state: PeerState): void {
    this.#state = state;
    if (this.#live) this.#events.state(state);
  }

  #gone(part: object): void {
    this.#open.delete(part);
    if (this.#open.size === 0) this.#resolveAllClosed();
  }
}

/** As the viewer opened it: unordered, nothing sent twice. */
function settingsOf({ id }: KeptChannel): rtc.DataChannelInitConfig {
  return { negotiated: true, id, unordered: true, maxRetransmits: 0 };
}

const RTP_CLOCK_HZ = 90_000;
const CNAME = 'roverd';
const STREAM_ID = 'robot';
const TRACK_ID = 'camera';

/** Keeps an exception out of the library, and lets it come up as one of a timer would. */
function safely<A extends unknown[]>(listener: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    try {
      listener(...args);
    } catch (error) {
      setTimeout(() => {
        throw error;
      });
    }
  };
}

/** Runs a call into the library, whose objects throw once they are closed. */
function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
