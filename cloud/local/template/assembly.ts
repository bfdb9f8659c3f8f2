import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Template } from './template.ts';

/** One stack as `npm run synth` wrote it. */
export interface SynthesizedStack {
  readonly name: string;
  readonly template: Template;
  /** Stacks that are deployed before it, first ones first. */
  readonly before: readonly SynthesizedStack[];
  /**
   * The folder of an asset, by the key under which it would be uploaded.
   * @throws Error when the assembly lists none of that key
   */
  assetFolder(objectKey: string): string;
}

interface Artifact {
  readonly type: string;
  readonly properties?: { readonly templateFile?: string; readonly stackName?: string };
  readonly dependencies?: readonly string[];
}

interface AssetFile {
  readonly source: { readonly path: string };
  readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
}

const STACK = 'aws:cloudformation:stack';

/**
 * Reads a stack of an assembly with those it depends on.
 * @param wanted its whole name, or the end of it: `robot` for `roverd-robot`
 * @throws Error that names the stacks there are when none or several fit
 */
export async function readStack(folder: string, wanted: string): Promise<SynthesizedStack> {
  const manifest = (await readJson(join(folder, 'manifest.json'))) as {
    readonly artifacts: Readonly<Record<string, Artifact>>;
  };
  const stacks = new Map(Object.entries(manifest.artifacts).filter(([, { type }]) => type === STACK));
  const names = [...stacks.keys()];
  const fitting = names.filter((name) => name === wanted || name.endsWith(`-${wanted}`));
  const [found] = fitting.includes(wanted) ? [wanted] : fitting;
  if (found === undefined || (fitting.length > 1 && found !== wanted)) {
    throw new Error(`Expected one of the stacks ${names.join(', ')} but received ${wanted}`);
  }
  const read = new Map<string, Promise<SynthesizedStack>>();
  const readOnce = (name: string): Promise<SynthesizedStack> => {
    const known = read.get(name) ?? readOne(name);
    read.set(name, known);
    return known;
  };
  const readOne = async (name: string): Promise<SynthesizedStack> => {
    const { properties, dependencies = [] } = stacks.get(name)!;
    const template = (await readJson(join(folder, properties!.templateFile!))) as Template;
    const assets = await readAssets(folder, name);
    const before = await Promise.all(dependencies.filter((other) => stacks.has(other)).map(readOnce));
    return {
      name: properties?.stackName ?? name,
      template: { ...template, Resources: template.Resources ?? {} },
      before,
      assetFolder(objectKey) {
        const path = assets.get(objectKey);
        if (path === undefined) throw new Error(`Expected an asset ${objectKey} in the assembly of ${name}`);
        return path;
      },
    };
  };
  return readOnce(found);
}

async function readAssets(folder: string, stack: string): Promise<ReadonlyMap<string, string>> {
  const { files } = (await readJson(join(folder, `${stack}.assets.json`)).catch(() => ({ files: {} }))) as {
    readonly files: Readonly<Record<string, AssetFile>>;
  };
  return new Map(
    Object.values(files).flatMap(({ source, destinations }) =>
      Object.values(destinations).map(({ objectKey }) => [objectKey, join(folder, source.path)] as const),
    ),
  );
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}
