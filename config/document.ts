import type { Key } from './format.ts';
import { schema } from './schema.ts';

const INTRODUCTION = `# Configuration

<!-- Made from config/schema.ts by \`npm run docs:config\`; a test compares them. -->

Every key has a default; set what differs. What comes later in this list wins:

1. the default
2. a JSON file: \`roverd run --config FILE\`, else the file that \`ROVERD_CONFIG\` names, else \`/etc/roverd/config.json\`
   where it exists; [roverd.sample.json](roverd.sample.json) has every key at its default
3. the environment: \`ROVERD_\` and the key, \`drive.actionMs\` being \`ROVERD_DRIVE_ACTION_MS\`
4. arguments: \`roverd run --set drive.actionMs=300\`, and options such as \`--port 8080\`

A value that does not fit, an unknown key and an unknown \`ROVERD_\` variable are faults: roverd lists all of
them at once and does not start. In the environment and in arguments true and false may be written 1 and 0, and lists
\`a,b\` or as JSON. Paths are taken from the folder roverd is started in.

\`roverd config\` prints the configuration in effect and where each value came from (secrets are masked).

Beyond each key's own range:

- \`video.minBitrateKbps\` <= \`video.bitrateKbps\` <= \`video.maxBitrateKbps\`.
- \`leftMotor\` and \`rightMotor\` of a HAT are two.
- \`drive.driver\` johnny-five needs \`johnnyFive.left\` and \`johnnyFive.right\`.
- \`video.source\` simulator needs a simulated robot.
- \`video.source\` file needs \`video.file\`.
- \`limits.batteryEmptyRatio\` <= \`limits.batteryLowRatio\`.
- No pad is both in \`bumper.frontPads\` and \`bumper.rearPads\`.
- \`teleop.tlsCert\` and \`teleop.tlsKey\` go together.
- \`teleop.host\` other than this machine alone needs them, or \`teleop.allowPlaintext\`.
- \`cloud.credentialsEndpoint\` needs \`cloud.roleAlias\` and \`cloud.region\`.
- \`cloud.tokenIssuer\` and \`cloud.tokenAudience\` go together.

The file may also be the config.json of aws-serverless-telepresence-robot, or mix its keys with the sections below:
\`IOT_THINGNAME\` is \`cloud.thingName\` and, where it fits, \`robot.name\`; \`IOT_CORE_ENDPOINT\` is \`cloud.endpoint\`,
\`IOT_GET_CREDENTIAL_ENDPOINT\` \`cloud.credentialsEndpoint\`, \`ROLE_ALIAS\` \`cloud.roleAlias\`, \`AWS_DEFAULT_REGION\`
\`cloud.region\`. With them \`cloud.topics\` is original, since the policy made by that project grants no more. Keys of
the sections win.
`;

/** config/README.md */
export function configReadme(): string {
  const sections = Object.entries(schema).map(([section, properties]) => {
    const rows = Object.entries<Key<unknown>>(properties).map(([name, property]) =>
      [
        `\`${section}.${name}\``,
        `${property.expects}${property.sensitive ? ' (secret)' : ''}`,
        `\`${JSON.stringify(property.default)}\``,
        `\`${property.env}\``,
        property.doc,
      ].map((cell) => cell.replaceAll('|', '\\|')),
    );
    const lines = table(['key', 'expected', 'default', 'variable', 'what it does'], rows);
    return `\n## ${section}\n\n${lines.join('\n')}\n`;
  });
  return INTRODUCTION + sections.join('');
}

/** config/roverd.sample.json */
export function sampleConfig(): string {
  const values = Object.entries(schema).map(([section, properties]) => [
    section,
    Object.fromEntries(
      Object.entries<Key<unknown>>(properties).map(([name, property]) => [name, property.default]),
    ),
  ]);
  return `${JSON.stringify(Object.fromEntries(values), null, 2)}\n`;
}

/** Cells padded to equal width, as the formatter wants them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[], fill: string) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(' | ')} |`;
  return [
    line(head, ' '),
    line(
      head.map(() => ''),
      '-',
    ),
    ...rows.map((row) => line(row, ' ')),
  ];
}
