import { preloadEnvironment } from './chips.ts';
import { chipsLibrary } from './library.ts';
import { StateFile } from './state-file.ts';

/** For the test runner: an environment in which a process has a bus of its own (ownChips), and its removal. */
export function prepareChips(): { env: Record<string, string>; remove: () => void } {
  chipsLibrary();
  const state = StateFile.create();
  return { env: { ...preloadEnvironment(state) }, remove: () => state.remove() };
}
