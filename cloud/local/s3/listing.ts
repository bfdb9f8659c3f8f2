import type { Bucket, StoredObject } from './bucket.ts';

export interface PageWish {
  readonly prefix: string;
  /** Empty: none. */
  readonly delimiter: string;
  /** Keys up to this one have been seen, and all under it when it is a common prefix. */
  readonly after: string;
  readonly maxKeys: number;
}

export interface Page {
  readonly objects: readonly StoredObject[];
  readonly prefixes: readonly string[];
  /** Where the next page begins; null: there is none. */
  readonly next: string | null;
}

/**
 * One page of what a bucket holds. What has the delimiter after the prefix stands for all keys that begin so, once.
 * @param bucket its keys in the order of their bytes
 */
export function pageOf(
  bucket: Pick<Bucket, 'keys' | 'get'>,
  { prefix, delimiter, after, maxKeys }: PageWish,
): Page {
  const objects: StoredObject[] = [];
  const prefixes: string[] = [];
  let last = '';
  const isAfter = (key: string) => Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0;
  for (const key of bucket.keys) {
    if (!key.startsWith(prefix) || (after !== '' && !isAfter(key))) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = cut < 0 ? null : key.slice(0, cut + delimiter.length);
    if (common !== null && (common === prefixes.at(-1) || (common === after && key.startsWith(after))))
      continue;
    if (objects.length + prefixes.length >= maxKeys)
      return { objects, prefixes, next: maxKeys > 0 ? last : null };
    if (common === null) objects.push(bucket.get(key)!);
    else prefixes.push(common);
    last = common ?? key;
  }
  return { objects, prefixes, next: null };
}
