import type { DeskClock } from '../desk/clock.ts';
import { bury, deliverAgain } from '../desk/deliver-again.ts';
import type { DeskLog } from '../desk/log.ts';
import { arn } from '../desk/place.ts';
import { Sending } from '../desk/sending.ts';
import type { Delivered, Delivery, Targets } from '../desk/targets.ts';
import type { View } from '../desk/views.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import type { Principals } from '../iam/principals.ts';
import { decideByResource } from '../iam/resource-policy.ts';
import { follow } from '../schedule/schedule.ts';
import { Archives, type ReplayRequest } from './archives.ts';
import { type BusEvent, eventOf, type NewEvent, timeOf } from './event.ts';
import { inputOf } from './input.ts';
import { createRule, type Rule, type RuleProperties, retryPolicyOf, type TargetProperties } from './rule.ts';

export interface BusesOptions {
  readonly targets: Targets;
  readonly clock: DeskClock;
  readonly principals: Principals;
  readonly log: DeskLog;
}

export interface Bus {
  readonly name: string;
  readonly arn: string;
  readonly policies: PolicyDocument[];
}

const PRINCIPAL = 'events.amazonaws.com';

/** Event buses with their rules: what comes in goes to every target of every rule that it matches. */
export class Buses {
  readonly archives: Archives;
  readonly #options: BusesOptions;
  readonly #buses = new Map<string, Bus>();
  readonly #rules = new Map<string, Rule>();
  readonly #ending: (() => void)[] = [];
  readonly #sending = new Sending();
  #failing: { code: string; left: number } = { code: '', left: 0 };

  constructor(options: BusesOptions) {
    this.#options = options;
    this.archives = new Archives(options.clock, options.log);
    this.addBus('default');
  }

  addBus(name: string): Bus {
    const bus = { name, arn: arn('events', `event-bus/${name}`), policies: [] };
    this.#buses.set(name, bus);
    return bus;
  }

  /** Undefined where there is none. @param wanted name or ARN */
  bus(wanted: string): Bus | undefined {
    return this.#buses.get(wanted.replace(/^arn:.*:event-bus\//, ''));
  }

  /** @throws Error saying what the service would refuse */
  addRule(properties: RuleProperties): Rule {
    const bus = this.bus(properties.EventBusName);
    if (!bus) throw new Error(`Event bus ${properties.EventBusName} does not exist.`);
    const path = bus.name === 'default' ? properties.Name : `${bus.name}/${properties.Name}`;
    const { clock } = this.#options;
    const given = { ...properties, EventBusName: bus.name };
    const rule = createRule(given, arn('events', `rule/${path}`), clock.nowMs());
    this.#rules.set(rule.arn, rule);
    if (rule.schedule) {
      this.#ending.push(follow(rule.schedule, clock, (dueMs) => this.#scheduled(rule.arn, dueMs)));
    }
    return rule;
  }

  get rules(): readonly Rule[] {
    return [...this.#rules.values()];
  }

  /** Takes rules into or out of use. */
  setState(ruleArn: string, State: Rule['State']): void {
    this.#rules.set(ruleArn, { ...this.#rules.get(ruleArn)!, State });
  }

  /**
   * What services put: takes it, whatever becomes of it at its targets.
   * @param busName default: the default bus
   * @throws Error when there is no such bus
   */
  put(event: NewEvent, busName = 'default'): BusEvent {
    const whole = eventOf({ ...event, atMs: event.atMs ?? this.#options.clock.nowMs() });
    this.putWhole(whole, busName);
    return whole;
  }

  /** The same of an event that has its envelope. @param ruleArns only to these rules; none: to all */
  putWhole(event: BusEvent, busName: string, ruleArns: readonly string[] = []): void {
    const bus = this.bus(busName);
    if (!bus) throw new Error(`Event bus ${busName} does not exist.`);
    this.archives.keep(bus.arn, event);
    const ingestedAt = timeOf(this.#options.clock.nowMs());
    for (const rule of this.#rules.values()) {
      if (rule.EventBusName !== bus.name || rule.State !== 'ENABLED' || !rule.matches?.(event)) continue;
      if (ruleArns.length > 0 && !ruleArns.includes(rule.arn)) continue;
      for (const target of rule.Targets) this.#send(rule, target, event, ingestedAt);
    }
  }

  replay(request: ReplayRequest): void {
    const { busArn, ruleArns } = request;
    for (const event of this.archives.replay(request)) this.putWhole(event, busArn, ruleArns);
  }

  /** A hook for tests: lets entries of PutEvents to come fail. @param code `ThrottlingException`, `InternalFailure` */
  failNext(count: number, code = 'ThrottlingException'): void {
    this.#failing = { code, left: count };
  }

  /** Null: the next entry may be taken. Uses up one failure that was ordered. */
  takeFailure(): string | null {
    if (this.#failing.left === 0) return null;
    this.#failing.left -= 1;
    return this.#failing.code;
  }

  /** What arrives from elsewhere: another bus, a destination of a function, a schedule. */
  async receive(busArn: string, { principal, sourceArn, roleArn, payload }: Delivery): Promise<Delivered> {
    const bus = this.bus(busArn);
    const refused = (code: string, message: string) =>
      ({ ok: false, code, message, retryable: false }) as const;
    if (!bus) return refused('NO_RESOURCE', `Event bus ${busArn} does not exist.`);
    const action = 'events:PutEvents';
    const allowed =
      roleArn === null
        ? decideByResource(bus.policies, { principal, sourceArn }, action, bus.arn)
        : this.#options.principals.decide(roleArn, { action, resource: bus.arn });
    if (allowed !== 'allow')
      return refused('NO_PERMISSIONS', `${principal} may not put events onto ${bus.arn}`);
    const given = JSON.parse(payload) as BusEvent;
    // From a bus comes a whole event, from others what makes one.
    const { source, 'detail-type': detailType, detail } = given;
    const atMs = this.#options.clock.nowMs();
    this.putWhole({ ...eventOf({ source, detailType, detail, atMs }), ...given }, bus.name);
    return { ok: true };
  }

  /** Deliveries that have begun, without those that wait for their next try. */
  get underWay(): number {
    return this.#sending.underWay;
  }

  /** Waits until everything that was put is at its targets, or given up. */
  settled(): Promise<void> {
    return this.#sending.settled();
  }

  view(): View {
    return {
      title: 'Rules',
      columns: ['bus', 'rule', 'state', 'takes', 'targets'],
      rows: async () =>
        this.rules.map(({ EventBusName, Name, State, EventPattern, ScheduleExpression, Targets }) => [
          EventBusName,
          Name,
          State,
          ScheduleExpression ?? JSON.stringify(EventPattern),
          Targets.map(({ Arn }) => Arn.replace(/^.*:/, '')).join(', '),
        ]),
    };
  }

  close(): void {
    for (const end of this.#ending) end();
  }

  #scheduled(ruleArn: string, atMs: number): void {
    const rule = this.#rules.get(ruleArn)!;
    if (rule.State !== 'ENABLED') return;
    const event = eventOf({
      source: 'aws.events',
      detailType: 'Scheduled Event',
      detail: {},
      resources: [ruleArn],
      atMs,
    });
    for (const target of rule.Targets) this.#send(rule, target, event, event.time);
  }

  #send(rule: Rule, target: TargetProperties, event: BusEvent, ingestedAt: string): void {
    this.#sending.add(
      this.#deliver(rule, target, event, ingestedAt).catch((error: Error) =>
        this.#options.log.line('events', `${rule.Name}: ${error.message}`),
      ),
    );
  }

  async #deliver(rule: Rule, target: TargetProperties, event: BusEvent, ingestedAt: string): Promise<void> {
    const { Arn, RoleArn: roleArn = null, SqsParameters, DeadLetterConfig } = target;
    const sender = { principal: PRINCIPAL, sourceArn: rule.arn };
    const { log } = this.#options;
    const givenUp = await deliverAgain(
      Arn,
      {
        ...sender,
        roleArn,
        payload: inputOf(event, target, { ruleArn: rule.arn, ruleName: rule.Name, ingestedAt }),
        ...(SqsParameters ? { groupId: SqsParameters.MessageGroupId, deduplicationId: event.id } : {}),
      },
      retryPolicyOf(target),
      { ...this.#options, onWait: this.#sending.onWait },
    );
    if (!givenUp) return;
    const letter = {
      ...sender,
      queueArn: DeadLetterConfig?.Arn ?? null,
      // The policy of the queue has to let the rule.
      roleArn: null,
      payload: JSON.stringify(event),
      attributes: { RULE_ARN: rule.arn, TARGET_ARN: Arn },
    };
    await bury(letter, givenUp, log, this.#options);
  }
}
