import type { Machine } from './machine.ts';

/** What a running system writes by itself, whatever is installed. */
const OWN_WRITES =
  /^\/(proc|sys|dev|run|tmp|var\/(tmp|log|cache|backups|lib\/(systemd|apt|dpkg|private))|boot\/lost\+found)(\/|$)|^\/etc\/(machine-id|ld\.so\.cache|\.pwd\.lock|(passwd|group|shadow|gshadow|subuid|subgid)-?)$/;

/** Where an installation changes files that were there, or puts its own. */
const COMPARED = ['/boot', '/etc', '/opt', '/usr/local', '/var/lib/roverd'];

/**
 * Every file of a machine that an installation might change, a line each: kind, mode, owner, and where a link points;
 * and the checksums of those that it might write to.
 */
export function snapshot(machine: Machine): string[] {
  const list = machine.run('find', ['/', '-xdev', '-printf', '%y %m %u %g %p %l\\n']).stdout;
  const sum = ['-xdev', '-type', 'f', '-exec', 'sha256sum', '{}', '+'];
  const sums = machine.run('find', [...COMPARED, ...sum]).stdout;
  const listed = list.split('\n').filter((line) => !OWN_WRITES.test(line.split(' ')[4] ?? ''));
  const summed = sums.split('\n').filter((line) => !OWN_WRITES.test(line.slice(66)));
  return [...listed, ...summed].sort();
}

/** What is in one snapshot only, + for the later one. */
export function differences(before: readonly string[], after: readonly string[]): string[] {
  const [early, late] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !late.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !early.has(line)).map((line) => `+ ${line}`),
  ];
}
