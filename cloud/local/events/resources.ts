import { described, type Family } from '../desk/family.ts';
import { arn, madeUpId } from '../desk/place.ts';
import { checkedPolicy, type PolicyDocument, type Statement } from '../iam/policy.ts';
import type { Properties } from '../template/template.ts';
import { patternOf, type RuleProperties, TARGET_PROPERTIES, type TargetProperties } from './rule.ts';

const DEFAULT_BUS = 'default';

/** The buses of EventBridge with what belongs to them. */
export const events: Family = {
  'AWS::Events::EventBus': {
    properties: ['Description', 'Name', 'Policy', 'Tags'],
    create({ properties: { Name, Policy } }, { buses }) {
      const bus = buses.addBus(String(Name));
      if (Policy) bus.policies.push(checkedPolicy(Policy as PolicyDocument));
      return {
        ref: bus.name,
        attributes: { Arn: bus.arn, Name: bus.name, Policy: JSON.stringify(Policy ?? {}) },
      };
    },
  },
  'AWS::Events::EventBusPolicy': {
    properties: ['EventBusName', 'Statement', 'StatementId'],
    create({ name, properties: { EventBusName = DEFAULT_BUS, Statement: given } }, { buses }) {
      const bus = buses.bus(String(EventBusName));
      if (!bus) throw new Error(`Expected a bus of the template but received ${EventBusName}`);
      bus.policies.push(checkedPolicy({ Statement: [given as Statement] }));
      return { ref: name };
    },
  },
  'AWS::Events::Rule': {
    properties: [
      'Description',
      'EventBusName',
      'EventPattern',
      'Name',
      'ScheduleExpression',
      'State',
      'Tags',
      'Targets',
    ],
    unsupported: ({ Targets = [], State = 'ENABLED' }) => [
      ...(['ENABLED', 'DISABLED'].includes(String(State)) ? [] : [`the state ${State}`]),
      ...(Targets as Properties[]).flatMap((target) =>
        Object.keys(target)
          .filter((property) => !TARGET_PROPERTIES.includes(property))
          .map((property) => `the target's property ${property}`),
      ),
    ],
    create({ name, properties }, { buses, targets }) {
      const given = properties as unknown as Partial<RuleProperties>;
      const { Name = name, EventBusName = DEFAULT_BUS, State = 'ENABLED', Targets = [] } = given;
      const dead = Targets.flatMap(({ DeadLetterConfig }) => DeadLetterConfig?.Arn ?? []);
      for (const to of [...Targets.map(({ Arn }: TargetProperties) => Arn), ...dead]) {
        if (!targets.has(to)) throw new Error(`Nothing on the desk takes deliveries to ${to}`);
      }
      const rule = buses.addRule({ ...given, Name, EventBusName, State, Targets });
      const ref = rule.EventBusName === DEFAULT_BUS ? Name : `${rule.EventBusName}|${Name}`;
      return { ref, attributes: { Arn: rule.arn } };
    },
  },
  'AWS::Events::Archive': {
    properties: [
      'ArchiveName',
      'Description',
      'EventPattern',
      'KmsKeyIdentifier',
      'RetentionDays',
      'SourceArn',
    ],
    // Empty it stands for a key of AWS's own, as the CDK writes it.
    unsupported: ({ KmsKeyIdentifier = '' }) =>
      KmsKeyIdentifier === '' ? [] : ['the property KmsKeyIdentifier'],
    create({ name, properties }, { buses }) {
      const { ArchiveName = name, EventPattern, RetentionDays = 0, SourceArn } = properties;
      const bus = buses.bus(String(SourceArn));
      if (!bus) throw new Error(`Expected a bus of the template but received ${SourceArn}`);
      const archive = buses.archives.add({
        name: String(ArchiveName),
        busArn: bus.arn,
        matches: EventPattern === undefined ? null : patternOf(EventPattern),
        retentionDays: Number(RetentionDays),
      });
      return { ref: archive.name, attributes: { Arn: archive.arn } };
    },
  },
  'AWS::EventSchemas::Registry': {
    ...described(['Description', 'RegistryName', 'Tags'], 'RegistryName'),
    create({ name, properties: { RegistryName = name } }) {
      const ref = arn('schemas', `registry/${RegistryName}`);
      return { ref, attributes: { RegistryArn: ref, RegistryName: String(RegistryName) } };
    },
  },
  'AWS::EventSchemas::Schema': {
    properties: ['Content', 'Description', 'RegistryName', 'SchemaName', 'Tags', 'Type'],
    unsupported: ({ Type }) =>
      ['JSONSchemaDraft4', 'OpenApi3'].includes(String(Type)) ? [] : [`the type ${Type} of a schema`],
    create({ name, properties: { RegistryName, SchemaName = name, Content } }) {
      JSON.parse(String(Content));
      const ref = arn('schemas', `schema/${RegistryName}/${SchemaName}`);
      const attributes = { SchemaArn: ref, SchemaName: String(SchemaName), SchemaVersion: '1' };
      return { ref, attributes };
    },
  },
  'AWS::EventSchemas::Discoverer': described(
    ['CrossAccount', 'Description', 'SourceArn', 'Tags'],
    undefined,
    (name) => ({
      DiscovererArn: arn('schemas', `discoverer/${madeUpId(name, 20)}`),
      DiscovererId: madeUpId(name, 20),
    }),
  ),
};
