import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../config/paths.ts';

/** What an assembly is made of: the stacks, their handlers, and the contract that handlers share with the robot. */
const SOURCES = ['cloud', 'firmware/command', 'config', 'package-lock.json'];
/** Not a part of any assembly: the desk itself, what it writes, and events that are saved from its page. */
const ASIDE = /^cloud\/(out|local|[^/]+\/events)$/;

/**
 * The folder of the assembly (`cloud/out`, or where CDK_OUTDIR says), synthesized anew when it is missing or older than its sources, or with a context.
 * @throws Error when synthesis fails
 */
export async function ensureAssembly(context: readonly string[]): Promise<string> {
  const root = packageRoot();
  const folder = process.env.CDK_OUTDIR ?? join(root, 'cloud/out');
  const manifest = join(folder, 'manifest.json');
  const made = existsSync(manifest) ? statSync(manifest).mtimeMs : 0;
  const newest = Math.max(...SOURCES.map((path) => newestIn(root, path)));
  if (context.length > 0 || made < newest) {
    console.log(`Synthesizing${context.map((pair) => ` -c ${pair}`).join('')} ...`);
    await synthesize(root, context);
  }
  return folder;
}

function newestIn(root: string, path: string): number {
  if (ASIDE.test(path)) return 0;
  const stat = statSync(join(root, path));
  if (!stat.isDirectory()) return stat.mtimeMs;
  const inside = readdirSync(join(root, path)).map((name) => newestIn(root, `${path}/${name}`));
  return Math.max(0, ...inside);
}

function synthesize(root: string, context: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const args = ['cloud/synth.mjs', ...context.flatMap((pair) => ['-c', pair])];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`Synthesis ended with ${code}\n${output}`));
    });
  });
}
