import type { Hello, ServerMessage, SessionMessage } from '../wire.ts';
import { videoRetryDelayMs } from './backoff.ts';
import { judgeVideo, type VideoStatus } from './video-watch.ts';

const CHANNEL_LABEL = 'drive';
const MAX_EARLY_CANDIDATES = 64;
/** The robot serves as many viewers as it can: asked again at this pace. */
const FULL_RETRY_MS = 5_000;

export interface VideoOptions {
  readonly element: HTMLVideoElement;
  readonly send: (message: SessionMessage) => boolean;
  /** A picture is on its way to the screen. */
  readonly frame: (metadata: VideoFrameCallbackMetadata) => void;
  /** There will be no picture for a while: the connection that gave them ends. */
  readonly ending: () => void;
  /** The data channel has opened, or is of no use any more. */
  readonly channel: (open: boolean) => void;
  readonly channelMessage: (text: string) => void;
}

/** The picture: a WebRTC connection offered by the page, made anew when it fails or stands still. */
export class Video {
  readonly #options: VideoOptions;
  #iceServers: Hello['iceServers'] = [];
  #peer: Peer | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #status: VideoStatus = { kind: 'off', why: null };
  #failures = 0;
  #restarts = 0;
  #lastFrameMs: number | null = null;

  constructor(options: VideoOptions) {
    this.#options = options;
    this.#watchFrames();
  }

  get status(): VideoStatus {
    return this.#status;
  }

  /** How often the connection was given up for a new one while the link stayed. */
  get restarts(): number {
    return this.#restarts;
  }

  get channelOpen(): boolean {
    return this.#peer?.channel.readyState === 'open';
  }

  start(iceServers: Hello['iceServers']): void {
    this.#iceServers = iceServers;
    this.#failures = 0;
    this.#connect();
  }

  stop(why: string | null = null): void {
    clearTimeout(this.#retry);
    this.#drop();
    this.#status = { kind: 'off', why };
  }

  /** False when the data channel is not open. */
  sendData(text: string): boolean {
    const channel = this.#peer?.channel;
    if (channel?.readyState !== 'open') return false;
    channel.send(text);
    return true;
  }

  onMessage(message: Extract<ServerMessage, { answer: unknown } | { candidate: unknown }>): void {
    if ('answer' in message) this.#peer?.onAnswer(message.answer.sdp);
    else this.#peer?.onCandidate(message.candidate);
  }

  onClosed({ code, message }: { readonly code: string; readonly message: string }): void {
    if (code === 'video_off') return this.stop(message);
    this.#wait(code === 'too_many_viewers' ? FULL_RETRY_MS : null, message);
  }

  /** To be called a few times a second while the page is visible. */
  check(cameraFailed: boolean): void {
    if (!this.#peer) return;
    const { status, restart } = judgeVideo({
      nowMs: performance.now(),
      startedMs: this.#peer.startedMs,
      lastFrameMs: this.#lastFrameMs,
      failures: this.#failures,
      connection: this.#peer.state,
      cameraFailed,
    });
    this.#status = status;
    if (status.kind === 'live') this.#failures = 0;
    if (!restart) return;
    this.#restarts += 1;
    // One that had shown pictures is replaced at once; one that never did may be asking too often.
    if (this.#lastFrameMs !== null && this.#failures === 0) {
      this.#failures = 1;
      this.#connect();
    } else {
      this.#wait(null, 'The picture does not come through.');
    }
  }

  /** The page was not shown for a while, and no pictures with it: they are missed from now on only. */
  resume(): void {
    if (this.#lastFrameMs !== null) this.#lastFrameMs = performance.now();
  }

  #connect(): void {
    clearTimeout(this.#retry);
    this.#drop();
    this.#status = { kind: 'starting' };
    this.#peer = new Peer(this.#options, this.#iceServers);
  }

  #drop(): void {
    if (this.#lastFrameMs !== null) this.#options.ending();
    this.#lastFrameMs = null;
    this.#peer?.close();
    this.#peer = null;
  }

  #wait(delayMs: number | null, why: string): void {
    this.stop();
    this.#failures += 1;
    this.#status = { kind: 'waiting', why };
    this.#retry = setTimeout(() => this.#connect(), delayMs ?? videoRetryDelayMs(this.#failures));
  }

  #watchFrames(): void {
    const { element, frame } = this.#options;
    let stamped = false;
    const seen = () => {
      if (this.#peer) this.#lastFrameMs = performance.now();
    };
    if (!('requestVideoFrameCallback' in element)) {
      (element as HTMLVideoElement).addEventListener('timeupdate', seen);
      return;
    }
    const next = () =>
      element.requestVideoFrameCallback((_now, metadata) => {
        next();
        // Where pictures carry time stamps, one without is the black that Chromium puts at a stream's end.
        if (stamped && metadata.rtpTimestamp === undefined) return;
        stamped = metadata.rtpTimestamp !== undefined;
        seen();
        frame(metadata);
      });
    next();
  }
}

/** One RTCPeerConnection, from offer to end. */
class Peer {
  readonly startedMs = performance.now();
  readonly channel: RTCDataChannel;
  readonly #connection: RTCPeerConnection;
  readonly #channelTold: (open: boolean) => void;
  #early: RTCIceCandidateInit[] | null = [];
  #closed = false;

  constructor(options: Omit<VideoOptions, 'frame' | 'ending'>, iceServers: Hello['iceServers']) {
    const { element, send } = options;
    this.#channelTold = options.channel;
    this.#connection = new RTCPeerConnection({
      iceServers: iceServers.map(({ urls, ...login }) => ({ urls: [...urls], ...login })),
      bundlePolicy: 'max-bundle',
    });
    // Nothing old is ever repeated: a command that is lost is followed by a newer one.
    this.channel = this.#connection.createDataChannel(CHANNEL_LABEL, { ordered: false, maxRetransmits: 0 });
    this.channel.onopen = () => this.#tellChannel(true);
    this.channel.onclose = () => this.#tellChannel(false);
    this.channel.onmessage = ({ data }) => {
      if (!this.#closed) options.channelMessage(String(data));
    };
    const transceiver = this.#connection.addTransceiver('video', { direction: 'recvonly' });
    preferH264(transceiver);
    playAtOnce(transceiver.receiver);
    this.#connection.ontrack = ({ track }) => {
      const show = () => {
        if (this.#closed) return;
        element.srcObject = new MediaStream([track]);
        // Playing muted needs no gesture; where it is refused all the same, the next gesture starts it.
        element.play().catch(() => undefined);
      };
      // The last picture of an earlier connection stays until there is a new one.
      if (element.srcObject === null) show();
      else track.onunmute = show;
    };
    this.#connection.onicecandidate = ({ candidate }) => {
      if (this.#closed || !candidate?.candidate) return;
      send({ candidate: { candidate: candidate.candidate, sdpMid: candidate.sdpMid } });
    };
    void this.#offer(send);
  }

  get state(): RTCPeerConnectionState {
    return this.#connection.connectionState;
  }

  onAnswer(sdp: string): void {
    void this.#accept(sdp);
  }

  onCandidate(candidate: RTCIceCandidateInit): void {
    if (!this.#early) this.#add(candidate);
    else if (this.#early.length < MAX_EARLY_CANDIDATES) this.#early.push(candidate);
  }

  close(): void {
    this.#tellChannel(false);
    this.#closed = true;
    this.channel.close();
    this.#connection.close();
  }

  #tellChannel(open: boolean): void {
    if (!this.#closed) this.#channelTold(open);
  }

  async #offer(send: (message: SessionMessage) => boolean): Promise<void> {
    try {
      await this.#connection.setLocalDescription();
      const sdp = this.#connection.localDescription?.sdp;
      if (!this.#closed && sdp !== undefined) send({ offer: { sdp } });
    } catch (error) {
      this.#giveUp(error);
    }
  }

  async #accept(sdp: string): Promise<void> {
    // An answer to an earlier offer, or a second one to this, is none.
    if (this.#closed || this.#connection.signalingState !== 'have-local-offer') return;
    try {
      await this.#connection.setRemoteDescription({ type: 'answer', sdp });
      const early = this.#early ?? [];
      this.#early = null;
      for (const candidate of early) this.#add(candidate);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Candidates of an earlier connection, or of a kind the browser can't use, are no loss. */
  #add(candidate: RTCIceCandidateInit): void {
    this.#connection.addIceCandidate(candidate).catch(() => undefined);
  }

  /** Closed is what the watch takes for broken: it makes a new one. */
  #giveUp(error: unknown): void {
    if (this.#closed) return;
    console.warn('The video connection could not be made', error);
    this.#connection.close();
  }
}

function preferH264(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities?.('video')?.codecs ?? [];
  const isH264 = ({ mimeType }: RTCRtpCodec) => mimeType.toLowerCase() === 'video/h264';
  transceiver.setCodecPreferences?.([...codecs.filter(isH264), ...codecs.filter((codec) => !isH264(codec))]);
}

/** Pictures are shown as they come, not held back to even out the network. */
function playAtOnce(receiver: RTCRtpReceiver & { playoutDelayHint?: number }): void {
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
  if ('playoutDelayHint' in receiver) receiver.playoutDelayHint = 0;
}
