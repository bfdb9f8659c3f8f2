import type { OpenDesk } from '../desk/open-desk.ts';
import { PLACE } from '../desk/place.ts';
import type { SavedEvent } from '../page/saved-events.ts';
import { personAtTheDesk } from './person.ts';
import { attempts } from './try.ts';

export interface Surroundings {
  readonly robotStarts: boolean;
  /** Null: there is no page. */
  readonly pageUrl: string | null;
  readonly events: readonly SavedEvent[];
}

/** What a person needs to try a stack that runs. */
export async function introduction(
  stack: string,
  desk: OpenDesk,
  { robotStarts, pageUrl, events }: Surroundings,
): Promise<string> {
  const lines = [`${stack} runs here.`, ''];
  if (pageUrl !== null) lines.push(`Functions, logs and what is stored, on a page:  ${pageUrl}`, '');
  for (const [name, value] of Object.entries(desk.outputs)) lines.push(`${name.padEnd(18)} ${value}`);
  for (const client of desk.userPools.clients) {
    if (client.groups.length === 0) {
      const token = await desk.userPools.idToken(client, [], 'someone@example.com');
      lines.push('', `An identity token, for ${client.idTokenLifeS / 60} minutes:`, '', `  TOKEN=${token}`);
    }
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
  lines.push(...requests(desk), ...byTool(desk));
  if (events.length > 0) {
    lines.push('', 'Saved events, for the page or for --payload:', '');
    for (const { name, functionLabel } of events)
      lines.push(`  ${name.padEnd(24)} ${functionLabel ?? 'any function'}`);
  }
  const things = Object.entries(desk.robots);
  for (const [thing, config] of things) {
    const option = `--robot${things.length > 1 ? ` ${thing}` : ''}`;
    lines.push('', `The robot ${thing}${robotStarts ? '' : ` (or give ${option})`}:`, '');
    lines.push(`  node dist/roverd.js run --simulate --config ${config}`);
  }
  lines.push('', 'Ctrl-C ends it.', '');
  return lines.join('\n');
}

/** What AWS's own command line can do here, with keys that are good on this desk alone. */
function byTool({ resources, principals, deskVariables }: OpenDesk): string[] {
  const commands = attempts(resources);
  if (commands.length === 0) return [];
  const keys = personAtTheDesk(principals);
  const variables = {
    ...Object.fromEntries([...deskVariables].filter(([name]) => name.startsWith('AWS_ENDPOINT_URL'))),
    AWS_REGION: PLACE.region,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
  };
  const exported = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  return [
    '',
    'With the AWS command line:',
    '',
    `  export ${exported.join(' ')}`,
    ...commands.map((command) => `  ${command}`),
  ];
}

/** One call for every method that the APIs have, but for preflights. */
function requests({ apis, addresses, userPools }: OpenDesk): string[] {
  const group = userPools.clients.flatMap(({ groups }) => groups)[0];
  const calls = apis.routes().filter(({ httpMethod }) => httpMethod !== 'OPTIONS');
  return calls.flatMap(({ httpMethod, url, guarded, model }) => {
    const header = guarded
      ? ` -H "Authorization: Bearer $${group === undefined ? 'TOKEN' : shellName(group)}"`
      : '';
    const body = model
      ? ` -H 'Content-Type: application/json' -d '${JSON.stringify(sampleOf(model as Schema))}'`
      : '';
    const address = addresses
      .localized(url)
      .replace(/\{(\w+)\+?\}/g, (_, name: string) => name.toUpperCase());
    return ['', `  curl -X ${httpMethod} ${address}${header}${body}`];
  });
}

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly pattern?: string;
}

/** Texts of which a pattern takes one, mostly. */
const TEXTS = ['text', 'https://example.com/', 'zoe@example.com', '1'];

/** A value that a model takes, as far as a small one goes. */
function sampleOf(schema: Schema): unknown {
  const [choice] = schema.anyOf ?? schema.oneOf ?? [];
  if (choice) return sampleOf(choice);
  if (schema.enum) return schema.enum[0];
  switch (schema.type) {
    case 'object': {
      const properties = (schema.required ?? []).map((name) => [
        name,
        sampleOf(schema.properties?.[name] ?? {}),
      ]);
      return Object.fromEntries(properties);
    }
    case 'array':
      return [];
    case 'number':
    case 'integer':
      return Math.max(0, schema.minimum ?? 0);
    case 'boolean':
      return true;
    default:
      return TEXTS.find((text) => new RegExp(schema.pattern ?? '').test(text)) ?? TEXTS[0];
  }
}

function shellName(group: string): string {
  return group.toUpperCase().replace(/\W/g, '_');
}
