import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../config/paths.ts';
import type { TemplateResource } from './synthesized.ts';

export interface Assembly {
  readonly folder: string;
  /** The folder of a function's bundle, by the beginning of its logical id. */
  bundleOf(stackName: string, logicalId: string): Promise<string>;
  remove(): Promise<void>;
}

/**
 * What `npm run synth` writes, bundles and all, into a folder of its own.
 * @param schemas whether templates are held against CloudFormation's schemas, which takes most of the time
 */
export async function writeAssembly(
  context: Readonly<Record<string, string>> = {},
  { schemas = true } = {},
): Promise<Assembly> {
  const folder = await mkdtemp(join(tmpdir(), 'assembly-'));
  const settings = Object.entries(context).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { code, output } = await run(['cloud/synth.mjs', ...settings], {
    CDK_OUTDIR: folder,
    ...(schemas ? {} : { CDK_VALIDATION: 'false' }),
  });
  if (code !== 0) throw new Error(`npm run synth ended with ${code}\n${output}`);
  return {
    folder,
    async bundleOf(stackName, logicalId) {
      const read = async (file: string) =>
        JSON.parse(await readFile(join(folder, `${stackName}.${file}.json`), 'utf8'));
      const { Resources } = await read('template');
      const found = Object.entries(Resources as Record<string, TemplateResource>).find(
        ([name, { Type }]) => Type === 'AWS::Lambda::Function' && name.startsWith(logicalId),
      );
      if (!found) throw new Error(`Expected a function ${logicalId} in ${stackName}`);
      // The bundle is uploaded under its hash, by which the list of assets names its folder.
      const { S3Key } = found[1].Properties.Code as { S3Key: string };
      const { files } = await read('assets');
      return join(folder, files[S3Key.replace(/\.zip$/, '')].source.path);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Runs Node in the project's folder and gives what it wrote. */
export function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: packageRoot(), env: { ...process.env, ...env } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, output }));
  });
}
