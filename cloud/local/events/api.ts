import type { DeskClock } from '../desk/clock.ts';
import { arn } from '../desk/place.ts';
import type { Faults } from '../services/faults.ts';
import { ApiError, type Input, jsonApi, type Operation, textIn } from '../services/json-api.ts';
import type { Service } from '../services/services.ts';
import type { Buses } from './buses.ts';
import { PatternError } from './matchers.ts';
import { contextOf, type PutEventsEntry, putEvents } from './put-events.ts';
import { patternOf, type Rule } from './rule.ts';

/** What an event must have to be tested: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html */
const ENVELOPE = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type'];

const REFUSED = 'ValidationException';

/** EventBridge as functions call it: events are put and replayed, patterns tried, rules looked at and switched. */
export function eventsApi(buses: Buses, clock: DeskClock, faults: Faults): Service {
  const missing = (what: string) => new ApiError('ResourceNotFoundException', `${what} does not exist.`);
  const ruleIn = (input: Input): Rule => {
    const bus = buses.bus(String(input.EventBusName ?? 'default'));
    const rule = buses.rules.find(
      ({ Name, EventBusName }) => Name === input.Name && EventBusName === bus?.name,
    );
    if (!rule) throw missing(`Rule ${input.Name}`);
    return rule;
  };
  const onRule = (run: (rule: Rule) => object): Operation => ({
    resource: (input) => ruleIn(input).arn,
    run: (input) => run(ruleIn(input)),
  });
  const archiveIn = (input: Input) => {
    const archive = buses.archives.find(textIn(input, 'ArchiveName', REFUSED));
    if (!archive) throw missing(`Archive ${input.ArchiveName}`);
    return archive;
  };
  const replayArn = (input: Input) => arn('events', `replay/${textIn(input, 'ReplayName', REFUSED)}`);
  const stated = (State: Rule['State']) =>
    onRule(({ arn }) => {
      buses.setState(arn, State);
      return {};
    });
  const operations: Readonly<Record<string, Operation>> = {
    PutEvents: {
      // Of the first entry's bus; that of each other is asked for with the entry.
      resource: ({ Entries }) => {
        const [{ EventBusName = 'default' } = {}] = [Entries ?? []].flat() as PutEventsEntry[];
        return buses.bus(EventBusName)?.arn ?? EventBusName;
      },
      context: ({ Entries }) => contextOf(([Entries ?? []].flat() as PutEventsEntry[])[0] ?? {}),
      run: ({ Entries }, request) => putEvents(Entries as PutEventsEntry[], request, { buses, clock }),
    },
    TestEventPattern: {
      run({ EventPattern, Event }) {
        let event: Readonly<Record<string, unknown>>;
        try {
          event = JSON.parse(String(Event));
        } catch {
          throw new ApiError('ValidationException', 'Parameter Event is not valid.');
        }
        const absent = ENVELOPE.filter((name) => event[name] === undefined);
        if (absent.length > 0) {
          throw new ApiError(
            'ValidationException',
            `Parameter Event is not valid. Reason: ${absent} is missing.`,
          );
        }
        return { Result: matcherIn(EventPattern)(event) };
      },
    },
    DescribeRule: onRule(({ arn: Arn, Name, EventBusName, State, EventPattern, ScheduleExpression }) => ({
      Arn,
      Name,
      EventBusName,
      State,
      ScheduleExpression,
      ...(EventPattern === undefined ? {} : { EventPattern: asText(EventPattern) }),
    })),
    EnableRule: stated('ENABLED'),
    DisableRule: stated('DISABLED'),
    StartReplay: {
      resource: replayArn,
      run(input) {
        const { ReplayName, EventSourceArn, EventStartTime, EventEndTime, Destination } = input;
        const archive = buses.archives.find(String(EventSourceArn));
        if (!archive) throw missing(`Archive ${EventSourceArn}`);
        const { Arn, FilterArns = [] } = Destination as {
          readonly Arn: string;
          readonly FilterArns?: string[];
        };
        const refused = (reason: string) => new ApiError(REFUSED, reason);
        if (Arn !== archive.busArn) {
          throw refused(
            'Parameter Destination.Arn is not valid. Reason: Must be the event bus of the archive.',
          );
        }
        const [fromMs, untilMs] = [Number(EventStartTime) * 1000, Number(EventEndTime) * 1000];
        if (!(fromMs < untilMs))
          throw refused(
            'Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.',
          );
        if (buses.archives.replays.some(({ name }) => name === ReplayName)) {
          throw new ApiError('ResourceAlreadyExistsException', `Replay ${ReplayName} already exists.`);
        }
        buses.replay({
          name: String(ReplayName),
          archiveArn: archive.arn,
          fromMs,
          untilMs,
          busArn: Arn,
          ruleArns: FilterArns,
        });
        return { ReplayArn: replayArn(input), State: 'STARTING', ReplayStartTime: clock.nowMs() / 1000 };
      },
    },
    DescribeReplay: {
      resource: replayArn,
      run({ ReplayName }) {
        const replay = buses.archives.replays.find(({ name }) => name === ReplayName);
        if (!replay) throw missing(`Replay ${ReplayName}`);
        const { arn: ReplayArn, state: State, archiveArn: EventSourceArn } = replay;
        return { ReplayName, ReplayArn, State, EventSourceArn, ReplayStartTime: replay.startedMs / 1000 };
      },
    },
    DescribeArchive: {
      resource: (input) => archiveIn(input).arn,
      run(input) {
        const { name, arn: ArchiveArn, busArn, events, retentionDays } = archiveIn(input);
        return {
          ArchiveName: name,
          ArchiveArn,
          EventSourceArn: busArn,
          EventCount: events.length,
          RetentionDays: retentionDays,
          State: 'ENABLED',
        };
      },
    },
  };
  return jsonApi('events', operations, faults);
}

function matcherIn(pattern: unknown): (event: unknown) => boolean {
  try {
    return patternOf(String(pattern));
  } catch (error) {
    if (error instanceof PatternError) throw new ApiError('InvalidEventPatternException', error.message);
    throw error;
  }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
