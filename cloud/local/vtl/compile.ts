import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../../config/paths.ts';

/** Where Debian keeps them: packages velocity, libjsonpath-java and libjackson2-databind-java. */
const JARS = '/usr/share/java';
const NEEDED = [
  'velocity',
  'commons-collections3',
  'commons-lang',
  'json-path',
  'jackson-annotations',
  'jackson-core',
  'jackson-databind',
  'json-smart',
  'accessors-smart',
  'asm',
  'slf4j-api',
  'slf4j-nop',
].map((name) => `${JARS}/${name}.jar`);

/**
 * Compiles the renderer beside this file, once for every state of its source.
 * @returns the class path
 * @throws Error naming the packages that are missing, or what the compiler says
 */
export async function compileRenderer(): Promise<string> {
  const missing = NEEDED.filter((jar) => !existsSync(jar));
  if (missing.length > 0) {
    throw new Error(
      `Mapping templates need ${missing.join(', ')}: apt-get install velocity libjsonpath-java libjackson2-databind-java default-jdk-headless`,
    );
  }
  const folder = join(packageRoot(), 'cloud/local/vtl');
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith('.java'))
    .sort()
    .map((name) => join(folder, name));
  const hash = createHash('sha256');
  for (const source of sources) hash.update(readFileSync(source));
  const classes = join(packageRoot(), 'dist/vtl', hash.digest('hex').slice(0, 16));
  if (!existsSync(classes)) {
    // Finished classes are moved into place: who starts at the same time sees all of them or none.
    const unfinished = `${classes}.${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    try {
      await promisify(execFile)('javac', ['-d', unfinished, '-cp', NEEDED.join(':'), ...sources]);
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      throw new Error(`javac: ${(error as Error).message}`);
    }
    try {
      renameSync(unfinished, classes);
    } catch {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  return [classes, ...NEEDED].join(':');
}
