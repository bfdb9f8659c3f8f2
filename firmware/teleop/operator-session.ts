import { checkCommand, isStop, MAX_MESSAGE_BYTES, parseJson, type Refusal } from '../command/message.ts';
import type { Sender } from '../command/model.ts';
import type { LinkKind } from '../command/report.ts';
import { judgeLink, type LinkStates } from '../telemetry/link.ts';
import type { VideoSession } from '../video/sessions.ts';
import type { Identity } from './auth.ts';
import { Bucket } from './bucket.ts';
import type { RobotAccess, TeleopOptions } from './robot-access.ts';
import { checkSessionMessage, isSessionMessage, type ServerMessage, type SessionMessage } from './wire.ts';

/** At most one notice of throttling in this time. */
const NOTICE_EVERY_MS = 1_000;
/** What a stop holds in its JSON, `{"action":"stop"}` or `{"estop":true}`: found without reading the message. */
const STOP_MARKS = ['"stop"', '"estop"'];

type PageFindings = Omit<Extract<SessionMessage, { ping: unknown }>['ping'], 't'>;

export interface SessionIo {
  send(message: ServerMessage): void;
}

/**
 * One person on one link: WebSocket and, once open, the data channel beside it. Both feed the same sender, so
 * that order (`seq`) and rate hold over the two together.
 */
export class OperatorSession {
  readonly sender: Sender;
  readonly #robot: RobotAccess;
  readonly #io: SessionIo;
  readonly #bucket: Bucket;
  readonly #messagesPerS: number;
  #video: VideoSession | null = null;
  #throttled = 0;
  #noticedMs = Number.NEGATIVE_INFINITY;
  #closed = false;
  #link: LinkStates = {};
  #faulty = false;

  constructor(
    id: string,
    identity: Identity,
    robot: RobotAccess,
    options: Pick<TeleopOptions, 'messagesPerS' | 'messageBurst'> & { readonly link?: LinkKind },
    io: SessionIo,
  ) {
    const { link = 'local' } = options;
    this.sender = { id, name: identity.name, link, role: identity.role, lasting: true };
    this.#robot = robot;
    this.#io = io;
    this.#messagesPerS = options.messagesPerS;
    this.#bucket = new Bucket(options.messagesPerS, options.messageBurst, robot.clock.nowMs());
  }

  /** Takes one message off the WebSocket or the data channel. Never throws. */
  receive(text: string | Buffer): void {
    if (this.#closed) return;
    if (!this.#bucket.take(this.#robot.clock.nowMs()) && !STOP_MARKS.some((mark) => text.includes(mark))) {
      this.#throttle();
      return;
    }
    const parsed = parseJson(text);
    if (!parsed.ok) return this.#refuse(parsed);
    if (isSessionMessage(parsed.value)) {
      const checked = checkSessionMessage(parsed.value);
      return checked.ok ? this.#onSession(checked.value) : this.#refuse(checked);
    }
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_MESSAGE_BYTES) {
      const message = `Expected at most ${MAX_MESSAGE_BYTES} bytes but received ${bytes}`;
      return this.#refuse({ code: 'too_large', message });
    }
    const checked = checkCommand(parsed.value);
    if (!checked.ok) return this.#refuse(checked);
    const verdict = this.#robot.pipeline.send(this.sender, checked.value);
    if (!verdict.ok && !isStop(checked.value)) this.#refuse(verdict, checked.value.seq);
  }

  /** Ends lease and video with the link. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#robot.pipeline.linkClosed(this.sender.id);
    this.#closeVideo();
  }

  #onSession(message: SessionMessage): void {
    if ('ping' in message) {
      const { t, ...found } = message.ping;
      if (found.roundTripMs !== undefined) this.#robot.metrics.observeRoundTripMs(found.roundTripMs);
      this.#judgeLink(found);
      const robotUs = Math.round(Number(process.hrtime.bigint()) / 1000);
      this.#io.send({ pong: { t, robotUs, wallMs: this.#robot.clock.wallMs() } });
    } else if ('takeOver' in message) {
      const verdict = this.#robot.pipeline.takeOver(this.sender);
      if (!verdict.ok) this.#refuse(verdict);
    } else if ('release' in message) {
      this.#robot.pipeline.release(this.sender);
    } else if ('offer' in message) {
      void this.#onOffer(message.offer.sdp);
    } else if ('candidate' in message) {
      this.#video?.candidate(message.candidate);
    } else {
      this.#closeVideo();
    }
  }

  /** By what the page finds, and what the receiver of the picture reports. Without either a link counts as good. */
  #judgeLink({ roundTripMs, videoAgeMs, lossRatio }: PageFindings): void {
    const lost = [lossRatio, this.#video?.lossRatio()].filter((ratio) => typeof ratio === 'number');
    const quality = {
      roundTripMs: roundTripMs ?? null,
      videoAgeMs: videoAgeMs ?? null,
      lossRatio: lost.length > 0 ? Math.max(...lost) : null,
    };
    const { limits, clock, pipeline } = this.#robot;
    const { states, faults } = judgeLink(limits, this.#link, quality, clock.nowMs());
    this.#link = states;
    if (faults.length > 0 || this.#faulty) pipeline.linkFaults(this.sender.id, faults);
    this.#faulty = faults.length > 0;
  }

  async #onOffer(sdp: string): Promise<void> {
    if (this.#robot.video === null) {
      this.#io.send({ videoClosed: { code: 'video_off', message: 'Video is switched off on this robot' } });
      return;
    }
    try {
      const session = this.#video ?? this.#openVideo(this.#robot.video);
      const answer = await session.offer(sdp);
      if (this.#video === session) this.#io.send({ answer: { sdp: answer } });
    } catch (error) {
      const { code = 'engine_failed', message } = error as { code?: string; message: string };
      this.#closeVideo();
      this.#io.send({ videoClosed: { code, message } });
    }
  }

  #openVideo(video: NonNullable<RobotAccess['video']>): VideoSession {
    const session: VideoSession = video.open(this.sender.id, {
      candidate: (candidate) => this.#io.send({ candidate }),
      data: (text) => this.receive(text),
      dataOpen: () => undefined,
      closed: (reason) => {
        if (this.#video !== session) return;
        this.#video = null;
        this.#io.send({ videoClosed: reason });
      },
    });
    this.#video = session;
    return session;
  }

  #closeVideo(): void {
    const session = this.#video;
    this.#video = null;
    session?.close();
  }

  #throttle(): void {
    this.#throttled += 1;
    const nowMs = this.#robot.clock.nowMs();
    if (nowMs - this.#noticedMs < NOTICE_EVERY_MS) return;
    this.#noticedMs = nowMs;
    const message = `Expected at most ${this.#messagesPerS} messages a second; ${this.#throttled} were dropped so far, stops excepted`;
    this.#refuse({ code: 'rate_limited', message });
  }

  #refuse({ code, message }: Refusal, seq?: number): void {
    this.#robot.metrics.countRefusal(code);
    this.#io.send(seq === undefined ? { code, message } : { code, message, seq });
  }
}
