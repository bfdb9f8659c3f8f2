import type { OpenDesk } from '../desk/open-desk.ts';

/** What a person needs to try a stack that runs. */
export async function introduction(stack: string, desk: OpenDesk): Promise<string> {
  const lines = [`${stack} runs here.`, ''];
  for (const [name, value] of Object.entries(desk.outputs)) lines.push(`${name.padEnd(18)} ${value}`);
  for (const client of desk.userPools.clients) {
    for (const group of client.groups) {
      const token = await desk.userPools.token(client, [group], `someone of ${group}`);
      lines.push(
        '',
        `A token of the group ${group}, for ${client.tokenLifeS / 60} minutes:`,
        '',
        `  ${shellName(group)}=${token}`,
      );
    }
  }
  lines.push(...requests(desk));
  for (const [thing, config] of Object.entries(desk.robots)) {
    lines.push(
      '',
      `The robot ${thing} (or give --robot${Object.keys(desk.robots).length > 1 ? ` ${thing}` : ''}):`,
      '',
    );
    lines.push(`  node dist/roverd.js run --simulate --config ${config}`);
  }
  lines.push('', 'Ctrl-C ends it.', '');
  return lines.join('\n');
}

/** One call for every method that the APIs have, but for preflights. */
function requests({ apis, addresses, userPools }: OpenDesk): string[] {
  const group = userPools.clients.flatMap(({ groups }) => groups)[0];
  const calls = apis.routes().filter(({ httpMethod }) => httpMethod !== 'OPTIONS');
  return calls.flatMap(({ httpMethod, url, guarded, hasBody }) => {
    const header = guarded
      ? ` -H "Authorization: Bearer $${group === undefined ? 'TOKEN' : shellName(group)}"`
      : '';
    const body = hasBody ? ` -H 'Content-Type: application/json' -d '{"action":"forward"}'` : '';
    return ['', `  curl -X ${httpMethod} ${addresses.localized(url)}${header}${body}`];
  });
}

function shellName(group: string): string {
  return group.toUpperCase().replace(/\W/g, '_');
}
