import type { SynthesizedStack } from '../template/assembly.ts';
import { NO_VALUE, resolve, type Scope } from '../template/intrinsics.ts';
import { creationOrder } from '../template/order.ts';
import { parameterValues } from '../template/parameters.ts';
import { typeOf } from './claims.ts';
import type { Desk } from './desk.ts';
import type { Created, Family } from './family.ts';
import { PLACE } from './place.ts';

export interface Deployed {
  readonly resources: ReadonlyMap<string, Created>;
  /** As the template puts them together, with local addresses. */
  outputs(): Readonly<Record<string, string>>;
}

/**
 * Makes the resources of one stack, as CloudFormation does: what others refer to comes first.
 * @param exports what stacks before it export; it adds its own
 * @throws Error naming the resource that could not be made
 */
export async function deploy(
  stack: SynthesizedStack,
  families: readonly Family[],
  desk: Desk,
  given: Readonly<Record<string, string>>,
  exports: Map<string, unknown>,
): Promise<Deployed> {
  const { Resources, Parameters = {}, Conditions = {}, Mappings = {}, Outputs = {} } = stack.template;
  const parameters = parameterValues(Parameters, given);
  const resources = new Map<string, Created>();
  const pseudo: Readonly<Record<string, unknown>> = {
    'AWS::AccountId': PLACE.account,
    'AWS::NoValue': NO_VALUE,
    'AWS::NotificationARNs': [],
    'AWS::Partition': PLACE.partition,
    'AWS::Region': PLACE.region,
    'AWS::StackId': `arn:aws:cloudformation:${PLACE.region}:${PLACE.account}:stack/${stack.name}/desk`,
    'AWS::StackName': stack.name,
    'AWS::URLSuffix': PLACE.suffix,
  };
  const scope: Scope = {
    reference(name) {
      if (Object.hasOwn(pseudo, name)) return pseudo[name];
      if (parameters.has(name)) return parameters.get(name);
      if (Object.hasOwn(Parameters, name)) {
        throw new Error(`Expected a value for the parameter ${name}: --parameter ${name}=...`);
      }
      return known(name).ref;
    },
    attribute(name, attribute) {
      const value = known(name).attributes?.[attribute];
      if (value === undefined) throw new Error(`The attribute ${attribute} of ${name} is not supported`);
      return value;
    },
    condition(name) {
      if (!Object.hasOwn(Conditions, name)) throw new Error(`Expected a condition ${name} in the template`);
      return resolve(Conditions[name], scope) === true;
    },
    mapping(map, first, second) {
      const value = Mappings[map]?.[first]?.[second];
      if (value === undefined) throw new Error(`Expected ${first}, ${second} in the mapping ${map}`);
      return value;
    },
    imported(name) {
      if (!exports.has(name)) throw new Error(`Expected an export ${name} of an earlier stack`);
      return exports.get(name);
    },
  };
  const known = (name: string): Created => {
    const created = resources.get(name);
    if (!created) throw new Error(`Expected a resource ${name} in ${stack.name}`);
    return created;
  };

  for (const logicalId of creationOrder(Resources)) {
    const { Type, Properties = {}, Condition } = Resources[logicalId]!;
    if (Condition !== undefined && !scope.condition(Condition)) continue;
    try {
      const properties = resolve(Properties, scope) as Readonly<Record<string, unknown>>;
      const declared = { type: Type, logicalId, name: `${stack.name}-${logicalId}`, properties, stack };
      resources.set(logicalId, await typeOf(families, Type)!.create(declared, desk));
    } catch (error) {
      throw new Error(`${stack.name}, ${logicalId} (${Type}): ${(error as Error).message}`, { cause: error });
    }
  }
  const wanted = Object.entries(Outputs).filter(
    ([, { Condition }]) => Condition === undefined || scope.condition(Condition),
  );
  for (const [, { Export, Value }] of wanted) {
    if (Export) exports.set(String(resolve(Export.Name, scope)), resolve(Value, scope));
  }
  return {
    resources,
    outputs: () =>
      Object.fromEntries(
        wanted.map(([name, { Value }]) => [name, desk.addresses.localized(String(resolve(Value, scope)))]),
      ),
  };
}
