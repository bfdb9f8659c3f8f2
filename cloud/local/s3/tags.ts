import { S3Error } from './error.ts';
import { readDocument, textOf, type XmlFields, xmlDocument } from './xml.ts';

export type Tags = ReadonlyMap<string, string>;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
const LIMITS = { tags: 10, keyLength: 128, valueLength: 256 };
const CHARACTERS = /^[\p{L}\p{N}\p{Z}+\-=._:/@]*$/u;

/** The header `x-amz-tagging`: a query string. @throws S3Error InvalidArgument, InvalidTag */
export function tagsOfHeader(header: string): Tags {
  try {
    decodeURIComponent(header.replaceAll('+', ' '));
  } catch {
    throw new S3Error(
      'InvalidArgument',
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded",
    );
  }
  return checked([...new URLSearchParams(header)]);
}

/** @throws S3Error MalformedXML, InvalidTag */
export function tagsOfXml(body: string): Tags {
  const sets = readDocument(body, 'Tagging').children;
  const tags = sets.find(({ name }) => name === 'TagSet');
  if (!tags) throw new S3Error('MalformedXML', 'Expected a TagSet');
  return checked(tags.children.map((tag) => [textOf(tag, 'Key') ?? '', textOf(tag, 'Value') ?? '']));
}

export function xmlOfTags(tags: Tags): string {
  const Tag: XmlFields[] = [...tags].map(([Key, Value]) => ({ Key, Value }));
  return xmlDocument('Tagging', { TagSet: { Tag } });
}

function checked(pairs: readonly (readonly [string, string])[]): Tags {
  if (pairs.length > LIMITS.tags) {
    throw new S3Error('InvalidTag', `Object tags cannot be greater than ${LIMITS.tags}`);
  }
  for (const [key, value] of pairs) {
    if (key.length < 1 || key.length > LIMITS.keyLength || !CHARACTERS.test(key) || key.startsWith('aws:')) {
      throw new S3Error('InvalidTag', 'The TagKey you have provided is invalid');
    }
    if (value.length > LIMITS.valueLength || !CHARACTERS.test(value)) {
      throw new S3Error('InvalidTag', 'The TagValue you have provided is invalid');
    }
  }
  const tags = new Map(pairs);
  if (tags.size < pairs.length)
    throw new S3Error('InvalidTag', 'Cannot provide multiple Tags with the same key');
  return tags;
}
