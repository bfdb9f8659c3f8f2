import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../config/paths.ts';
import { CommandLineError, EXIT, type ExitCode } from './exit.ts';

export interface UpdateArguments {
  readonly version?: string;
  readonly archive?: string;
  readonly sha256?: string;
  readonly dryRun?: boolean;
}

/**
 * Brings the installed robot to another release by the script that installed it. It goes on with the release before
 * when the other one does not run.
 * @throws CommandLineError where this is no installed release, or without the rights to replace it
 */
export function update({ version, archive, sha256, dryRun }: UpdateArguments): ExitCode {
  return runOwn('install.sh', [
    '--update',
    ...(version ? ['--version', version] : []),
    ...(archive ? ['--archive', archive] : []),
    ...(sha256 ? ['--sha256', sha256] : []),
    ...(dryRun ? ['--dry-run'] : []),
  ]);
}

/**
 * Takes the installed robot off this machine.
 * @throws CommandLineError as `update`
 */
export function uninstall({ keepConfig }: { readonly keepConfig?: boolean }): ExitCode {
  return runOwn('uninstall.sh', keepConfig ? ['--keep-config'] : []);
}

function runOwn(name: string, options: readonly string[]): ExitCode {
  // Only a release has this file: in a checkout the scripts are templates.
  if (!existsSync(join(packageRoot(), 'release'))) {
    const message =
      'This roverd was not installed from a release: it is updated and removed with its folder.';
    throw new CommandLineError(EXIT.failed, message);
  }
  if (process.getuid?.() !== 0) {
    throw new CommandLineError(EXIT.failed, 'This needs root: put sudo before it.');
  }
  const script = join(packageRoot(), 'installer', name);
  const { status, error } = spawnSync('bash', [script, ...options], { stdio: 'inherit', cwd: '/' });
  if (error)
    throw new CommandLineError(EXIT.failed, `Can't run ${script}: ${error.message}`, { cause: error });
  return status === 0 ? EXIT.ok : EXIT.failed;
}
