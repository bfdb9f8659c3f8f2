import { spawnSync } from 'node:child_process';

/** Why no machine can be booted here, or null. @param commands that are needed besides debootstrap */
export function missingForMachines(...commands: string[]): string | null {
  if (process.getuid?.() !== 0) return 'needs root; enable: sudo npm run test:installer';
  const namespaces = ['--mount', '--pid', '--net', '--uts', '--ipc', '--cgroup', '--fork', 'true'];
  if (spawnSync('unshare', namespaces, { stdio: 'ignore' }).status !== 0)
    return 'no namespaces can be made; enable: run it on a machine, not in a container';
  const lacking = ['debootstrap', ...commands].filter(
    (name) => spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status !== 0,
  );
  return lacking.length === 0
    ? null
    : `no ${lacking.join(', ')}; enable: apt-get install debootstrap qemu-user-static g++-aarch64-linux-gnu`;
}
