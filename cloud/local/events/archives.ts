/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html */
import type { DeskClock } from '../desk/clock.ts';
import type { DeskLog } from '../desk/log.ts';
import { arn } from '../desk/place.ts';
import type { BusEvent } from './event.ts';

export interface ArchiveProperties {
  readonly name: string;
  readonly busArn: string;
  /** Null: every event. */
  readonly matches: ((event: unknown) => boolean) | null;
  /** 0: for good. */
  readonly retentionDays: number;
}

export interface Archive extends ArchiveProperties {
  readonly arn: string;
  readonly events: BusEvent[];
}

export interface ReplayRequest {
  readonly name: string;
  readonly archiveArn: string;
  readonly fromMs: number;
  /** Not itself in it. */
  readonly untilMs: number;
  readonly busArn: string;
  /** Only to these rules; none: to all of the bus. */
  readonly ruleArns: readonly string[];
}

export interface Replay extends ReplayRequest {
  readonly arn: string;
  readonly state: 'COMPLETED';
  readonly startedMs: number;
}

const DAY_MS = 86_400_000;
/** A desk keeps what a test or an afternoon brings; the oldest go first, and it says so. */
const MAX_EVENTS = 100_000;

export class Archives {
  readonly #clock: DeskClock;
  readonly #log: DeskLog;
  readonly #archives = new Map<string, Archive>();
  readonly #replays = new Map<string, Replay>();

  constructor(clock: DeskClock, log: DeskLog) {
    this.#clock = clock;
    this.#log = log;
  }

  add(properties: ArchiveProperties): Archive {
    const archive = { ...properties, arn: arn('events', `archive/${properties.name}`), events: [] };
    this.#archives.set(archive.arn, archive);
    return archive;
  }

  /** Undefined where there is none. @param wanted name or ARN */
  find(wanted: string): Archive | undefined {
    return [...this.#archives.values()].find(({ name, arn }) => name === wanted || arn === wanted);
  }

  get replays(): readonly Replay[] {
    return [...this.#replays.values()];
  }

  /** Keeps an event for the archives of its bus. One that comes from a replay is kept already. */
  keep(busArn: string, event: BusEvent): void {
    if (event['replay-name'] !== undefined) return;
    for (const archive of this.#archives.values()) {
      if (archive.busArn !== busArn || archive.matches?.(event) === false) continue;
      this.#expire(archive);
      archive.events.push(event);
      if (archive.events.length <= MAX_EVENTS) continue;
      archive.events.shift();
      this.#log.line('events', `${archive.name} holds ${MAX_EVENTS} events: its oldest is gone`);
    }
  }

  /** @returns what is to be put onto the bus again, the oldest first */
  replay(request: ReplayRequest): readonly BusEvent[] {
    const archive = this.#archives.get(request.archiveArn)!;
    this.#expire(archive);
    const replayArn = arn('events', `replay/${request.name}`);
    const startedMs = this.#clock.nowMs();
    this.#replays.set(request.name, { ...request, arn: replayArn, state: 'COMPLETED', startedMs });
    return archive.events
      .filter(({ time }) => Date.parse(time) >= request.fromMs && Date.parse(time) < request.untilMs)
      .map((event) => ({ ...event, 'replay-name': request.name }))
      .sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
  }

  #expire({ events, retentionDays }: Archive): void {
    if (retentionDays === 0) return;
    const keptFromMs = this.#clock.nowMs() - retentionDays * DAY_MS;
    while (events[0] && Date.parse(events[0].time) < keptFromMs) events.shift();
  }
}
