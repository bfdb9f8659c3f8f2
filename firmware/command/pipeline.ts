import {
  asyncScheduler,
  distinctUntilChanged,
  interval,
  map,
  merge,
  type Observable,
  type SchedulerLike,
  Subject,
  scan,
  share,
  takeUntil,
} from 'rxjs';
import type { Drivetrain } from '../drive/drivetrain.ts';
import type { LinkFault } from '../telemetry/link.ts';
import type { FaultCode } from './faults.ts';
import type { CommandMessage } from './message.ts';
import { type Event, initialState, type Sender, type Settings, type Verdict } from './model.ts';
import type { CommandReport, CounterName, Reason } from './report.ts';
import { type StepResult, step } from './state.ts';
import { same, Writer } from './writer.ts';

/** `nowMs` is monotonic and drives every decision; `wallMs` only tells the age of messages that carry a time. */
export interface Clock {
  nowMs(): number;
  wallMs(): number;
}

export interface PipelineOptions {
  readonly drivetrain: Drivetrain;
  readonly settings: Settings;
  /** After this many ms a write counts as hung. */
  readonly writeTimeoutMs: number;
  readonly clock: Clock;
  readonly scheduler?: SchedulerLike;
}

export interface Pipeline {
  /** Decides at once; the wheels are on their way when this returns. */
  send(sender: Sender, message: CommandMessage): Verdict;
  takeOver(sender: Sender): Verdict;
  release(sender: Sender): void;
  /** To be called the moment a lasting link ends: its lease ends with it. */
  linkClosed(senderId: string): void;
  fault(code: FaultCode, active: boolean, detail?: string): void;
  /** What is wrong with the link of a sender, all of it: slows that sender down while it drives. */
  linkFaults(senderId: string, faults: readonly LinkFault[]): void;
  configure(settings: Settings): void;
  /** Someone else has written to the motors: what was last written to them counts as unknown. */
  forgetWheels(): void;
  report(): CommandReport;
  /** Fires when operator, emergency stop or reasons change. */
  readonly changes$: Observable<void>;
  /** Fires after every control tick that has run to its end. */
  readonly ticks$: Observable<number>;
  /** Stops the motors and waits for that. The drivetrain stays open. */
  close(): Promise<void>;
}

/** Commands, ticks and faults in; the newest wheels out. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { clock, drivetrain } = options;
  const inbox$ = new Subject<Event>();
  const finished$ = new Subject<number>();
  const closed$ = new Subject<void>();
  let latest: StepResult = step(initialState(options.settings), { type: 'tick' }, clock.nowMs());
  let appliedSeq: number | null = null;
  const written: Partial<Record<CounterName, number>> = {};
  const countWrite = (name: CounterName) => {
    written[name] = (written[name] ?? 0) + 1;
  };

  const writer = new Writer(drivetrain, options.writeTimeoutMs, {
    failed: (code, detail) => {
      countWrite('writeFailures');
      inbox$.next({ type: 'fault', code, active: true, detail });
    },
    recovered: () => {
      for (const code of ['drivetrain_failed', 'drivetrain_silent'] as const) {
        inbox$.next({ type: 'fault', code, active: false });
      }
    },
    applied: (seq) => {
      appliedSeq = seq;
    },
    wrote: () => countWrite('writes'),
    skipped: () => countWrite('writesSkipped'),
  });

  const ticks$ = interval(options.settings.tickMs, options.scheduler ?? asyncScheduler).pipe(
    map((): Event => ({ type: 'tick' })),
    takeUntil(closed$),
    share(),
  );
  const results$ = merge(inbox$, ticks$).pipe(
    scan((result, event) => {
      latest = step(result.state, event, clock.nowMs());
      return latest;
    }, latest),
    share(),
  );

  results$
    .pipe(
      map(({ wheels, state }) => ({ wheels, seq: state.motion?.seq ?? null })),
      distinctUntilChanged((a, b) => same(a.wheels, b.wheels) && a.seq === b.seq),
    )
    .subscribe(({ wheels, seq }) => writer.want(wheels, seq, clock.nowMs()));
  // Subscribed after the writes, so that a tick counts as finished only when its wheels are on their way.
  ticks$.subscribe(() => {
    writer.tick(clock.nowMs());
    finished$.next(clock.nowMs());
  });

  const decide = (event: Event): Verdict => {
    inbox$.next(event);
    return latest.verdict;
  };

  return {
    send: (sender, message) => decide({ type: 'command', sender, message, wallMs: clock.wallMs() }),
    takeOver: (sender) => decide({ type: 'takeOver', sender }),
    release: (sender) => void decide({ type: 'release', sender }),
    linkClosed: (senderId) => void decide({ type: 'linkClosed', senderId }),
    fault: (code, active, detail) => void decide({ type: 'fault', code, active, detail }),
    linkFaults: (senderId, faults) => void decide({ type: 'linkFaults', senderId, faults }),
    configure: (settings) => void decide({ type: 'settings', settings }),
    forgetWheels: () => writer.forget(),
    report: () => report(latest, appliedSeq, written),
    changes$: results$.pipe(
      distinctUntilChanged((a, b) => sameSituation(a, b)),
      map(() => undefined),
    ),
    ticks$: finished$.asObservable(),
    async close() {
      closed$.next();
      inbox$.complete();
      finished$.complete();
      await drivetrain.stop();
    },
  };
}

function report(
  { state, wheels, reasons }: StepResult,
  appliedSeq: number | null,
  written: Partial<Record<CounterName, number>>,
): CommandReport {
  const { lease, motion, estopBy, counters } = state;
  return {
    wheels,
    target: { linear: motion?.linear ?? 0, angular: motion?.angular ?? 0 },
    estop: estopBy !== null,
    estopBy,
    operator: lease ? { id: lease.sender.id, name: lease.sender.name, link: lease.sender.link } : null,
    reasons,
    watchdogMs: state.settings.watchdogMs,
    appliedSeq,
    counters: { ...counters, ...written },
  };
}

function sameSituation(a: StepResult, b: StepResult): boolean {
  return (
    a.state.lease?.sender.id === b.state.lease?.sender.id &&
    // They name an emergency stop and who pressed it as well.
    sameReasons(a.reasons, b.reasons)
  );
}

function sameReasons(a: readonly Reason[], b: readonly Reason[]): boolean {
  return a.length === b.length && a.every((reason, index) => reason.text === b[index]?.text);
}
