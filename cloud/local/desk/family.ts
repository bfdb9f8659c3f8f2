import type { SynthesizedStack } from '../template/assembly.ts';
import type { Properties } from '../template/template.ts';
import type { Desk } from './desk.ts';

/** A resource of a template on its way to being there. */
export interface Declared {
  readonly type: string;
  readonly logicalId: string;
  /** A name such as CloudFormation makes up where the template gives none. */
  readonly name: string;
  /** Every function in them is carried out. */
  readonly properties: Properties;
  readonly stack: SynthesizedStack;
}

/** What other resources see of it. */
export interface Created {
  /** What `Ref` gives. */
  readonly ref: string;
  /** What `Fn::GetAtt` gives. */
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface ResourceType {
  /** Properties that are acted on, or that change nothing on a desk. Any other is refused by name. */
  readonly properties: readonly string[];
  /** What else of it is not supported, in words; its properties stand as in the template. */
  unsupported?(properties: Properties): readonly string[];
  /** @throws Error when the resource can't be made as the template says */
  create(resource: Declared, desk: Desk): Created | Promise<Created>;
}

/** Resource types of one service, by name; `Custom::` stands for all that begin so. */
export type Family = Readonly<Record<string, ResourceType>>;

/** A resource that others refer to and that does nothing here. */
export function described(
  properties: readonly string[],
  naming?: string,
  attributes: (name: string) => Readonly<Record<string, string>> = () => ({}),
): ResourceType {
  return {
    properties,
    create({ name, properties: given }) {
      const ref = naming === undefined ? name : String(given[naming] ?? name);
      return { ref, attributes: attributes(ref) };
    },
  };
}
