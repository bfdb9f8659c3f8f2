import { described, type Family } from '../desk/family.ts';

/** Tables of what lies in buckets, and who asks them: names here, since neither Glue nor Athena has an engine. */
export const catalog: Family = {
  'AWS::Glue::Database': {
    properties: ['CatalogId', 'DatabaseInput', 'DatabaseName'],
    create({ name, properties: { DatabaseName, DatabaseInput = {} } }) {
      return { ref: String(DatabaseName ?? (DatabaseInput as { readonly Name?: string }).Name ?? name) };
    },
  },
  'AWS::Glue::Crawler': described(
    [
      'Configuration',
      'DatabaseName',
      'Description',
      'Name',
      'RecrawlPolicy',
      'Role',
      'Schedule',
      'SchemaChangePolicy',
      'TablePrefix',
      'Tags',
      'Targets',
    ],
    'Name',
  ),
  'AWS::Athena::WorkGroup': described(
    ['Description', 'Name', 'RecursiveDeleteOption', 'State', 'Tags', 'WorkGroupConfiguration'],
    'Name',
  ),
};
