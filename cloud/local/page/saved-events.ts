import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageRoot } from '../../../config/paths.ts';

/** An event that was saved beside a scenario, to be tried on the desk. */
export interface SavedEvent {
  /** Its file's name without `.json`. */
  readonly name: string;
  /** The function it is meant for, by its label; null: for any. */
  readonly functionLabel: string | null;
  readonly path: string;
}

/**
 * The events of a stack: `cloud/SCENARIO/events/NAME.json` for any function, `.../events/FUNCTION/NAME.json` for one.
 * @param stackName its end is the scenario: `roverd-retention`
 */
export function savedEvents(stackName: string, cloudFolder = join(packageRoot(), 'cloud')): SavedEvent[] {
  const scenario = readdirSync(cloudFolder, { withFileTypes: true }).find(
    (entry) => entry.isDirectory() && (stackName === entry.name || stackName.endsWith(`-${entry.name}`)),
  );
  const folder = join(cloudFolder, scenario?.name ?? '', 'events');
  if (!scenario || !existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .sort()
    .map((path) => ({
      name: basename(path, '.json'),
      functionLabel: path.includes('/') ? path.split('/')[0]! : null,
      path: join(folder, path),
    }));
}

/** @throws Error naming the file when it holds no JSON */
export function readEvent(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`Expected an event in JSON in ${path} but ${(error as Error).message}`);
  }
}

/**
 * A saved event by its name, or any file.
 * @throws Error naming the events there are
 */
export function findEvent(wanted: string, events: readonly SavedEvent[]): SavedEvent {
  const found = events.find(
    ({ name, functionLabel }) => wanted === name || wanted === `${functionLabel}/${name}`,
  );
  if (found) return found;
  if (existsSync(wanted)) return { name: basename(wanted), functionLabel: null, path: wanted };
  const names = events.map(({ name }) => name).join(', ') || 'none is saved';
  throw new Error(`Expected a file or one of the saved events (${names}) but received ${wanted}`);
}
