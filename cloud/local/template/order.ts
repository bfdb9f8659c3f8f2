import { referencesIn } from './intrinsics.ts';
import type { Resource } from './template.ts';

/**
 * Names of resources in an order in which each comes after all it refers to or depends on.
 * @throws Error naming the circle when there is one
 */
export function creationOrder(resources: Readonly<Record<string, Resource>>): string[] {
  const ordered = new Set<string>();
  const visit = (name: string, trail: readonly string[]): void => {
    if (ordered.has(name)) return;
    if (trail.includes(name))
      throw new Error(`Expected no circle but received ${[...trail, name].join(' -> ')}`);
    const { DependsOn = [], Properties } = resources[name]!;
    const needed = [...[DependsOn].flat(), ...referencesIn(Properties)];
    for (const other of needed) if (Object.hasOwn(resources, other)) visit(other, [...trail, name]);
    ordered.add(name);
  };
  for (const name of Object.keys(resources)) visit(name, []);
  return [...ordered];
}
