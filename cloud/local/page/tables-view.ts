import { type AttributeValue, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { View } from '../desk/views.ts';
import type { Tables } from '../dynamodb/tables.ts';

const MAX_COUNTED = 100;
const EXCERPT = { items: 3, characters: 400 };

/** How much is in each table, and some of it. */
export function tablesView(tables: Tables): View {
  return {
    title: 'Tables',
    columns: ['table', 'items', 'some of them'],
    async rows() {
      const client = await tables.client();
      const { TableNames = [] } = await client.send(new ListTablesCommand());
      return Promise.all(
        TableNames.map(async (TableName) => {
          const scan = new ScanCommand({ TableName, Limit: MAX_COUNTED });
          const { Items = [], LastEvaluatedKey } = await client.send(scan);
          return [TableName, `${Items.length}${LastEvaluatedKey ? ' or more' : ''}`, excerpt(Items)];
        }),
      );
    },
  };
}

function excerpt(items: readonly Readonly<Record<string, AttributeValue>>[]): string {
  return items
    .slice(0, EXCERPT.items)
    .map((item) => `{${Object.entries(item).map(([name, value]) => `${name}: ${plain(value)}`)}}`)
    .join('\n')
    .slice(0, EXCERPT.characters);
}

function plain(value: AttributeValue): string {
  const [inner] = Object.values(value);
  return typeof inner === 'object' ? JSON.stringify(inner) : String(inner);
}
