import { unknownFunctionsIn } from '../template/intrinsics.ts';
import type { Template } from '../template/template.ts';
import type { Family, ResourceType } from './family.ts';

/** The type that makes resources called so. */
export function typeOf(families: readonly Family[], name: string): ResourceType | null {
  for (const family of families) {
    if (Object.hasOwn(family, name)) return family[name]!;
    const prefix = Object.keys(family).find((known) => known.endsWith('::') && name.startsWith(known));
    if (prefix !== undefined) return family[prefix]!;
  }
  return null;
}

/** Everything in a template that the desk can't do, each with the name of its resource. */
export function unsupportedIn({ Resources }: Template, families: readonly Family[]): string[] {
  return Object.entries(Resources).flatMap(([name, { Type, Properties = {} }]) => {
    const type = typeOf(families, Type);
    const what = type
      ? [
          ...Object.keys(Properties)
            .filter((property) => type.properties[0] !== ANY && !type.properties.includes(property))
            .map((property) => `the property ${property}`),
          ...[...unknownFunctionsIn(Properties)],
          ...(type.unsupported?.(Properties) ?? []),
        ]
      : ['the type'];
    return what.map((one) => `${name} (${Type}): ${one}`);
  });
}

/** In place of a list of properties: whatever it has. */
export const ANY = '*';
