export interface ObjectPlace {
  readonly Bucket: string;
  readonly Key: string;
}

/** `s3://bucket/key`, the key as it is: `?`, `#` and `%` are characters like others. */
export function pathOf({ Bucket, Key }: ObjectPlace): string {
  return `s3://${Bucket}/${Key}`;
}

/** @throws Error naming what came instead of a path */
export function placeOf(path: string): ObjectPlace {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(path) ?? [];
  if (Bucket === undefined || Key === undefined) {
    throw new Error(`Expected s3://bucket/key but received ${JSON.stringify(path)}`);
  }
  return { Bucket, Key };
}

/** Events of S3 have keys as a form would send them: `a+b%2Bc` for `a b+c`. */
export function keyInEvent(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}
