import type { Answer, Call } from './call.ts';
import { tagContext } from './description.ts';
import { existingTags } from './object-operations.ts';
import { tagsOfXml, xmlOfTags } from './tags.ts';

export function getObjectTagging(call: Call): Answer {
  call.need('s3:GetObjectTagging', { context: existingTags(call) });
  return { body: xmlOfTags(call.found().tags) };
}

export async function putObjectTagging(call: Call): Promise<Answer> {
  const tags = tagsOfXml(await call.takeXml());
  call.need('s3:PutObjectTagging', { context: { ...existingTags(call), ...tagContext(tags) } });
  const object = call.found();
  call.bucket.put({ ...object, tags });
  call.tell('ObjectTagging:Put', object);
  return {};
}

export function deleteObjectTagging(call: Call): Answer {
  call.need('s3:DeleteObjectTagging', { context: existingTags(call) });
  const object = call.found();
  call.bucket.put({ ...object, tags: new Map() });
  call.tell('ObjectTagging:Delete', object);
  return { status: 204 };
}
