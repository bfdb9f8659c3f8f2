import { readdirSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';

const MIB = 1024 * 1024;
/** As base64 makes it of a small file. */
const CONTENTS = 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo='.repeat(20);

export const rowOf = (id: number, contents = CONTENTS) =>
  `{"id":${id},"first_name":"Bea","email":"bea@example.com","ip_address":"198.51.100.7","file_name":"Cv.pdf","file_contents":"${contents}"}\n`;

const BLOCK = Buffer.from(Array.from({ length: 1024 }, (_, id) => rowOf(id)).join(''));
export const BLOCK_ROWS = 1024;

/** Puts an object of at least this size, by rows of some 850 bytes. @returns its ETag, and how many rows it has */
export async function putLarge(
  client: S3Client,
  Bucket: string,
  Key: string,
  sizeMiB: number,
): Promise<{ readonly etag: string; readonly rows: number }> {
  const blocks = Math.ceil((sizeMiB * MIB) / BLOCK.length);
  const Body = Readable.from(
    (function* () {
      for (let block = 0; block < blocks; block++) yield BLOCK;
    })(),
    { objectMode: false },
  );
  const params = { Bucket, Key, Body };
  const { ETag } = await new Upload({ client, params, partSize: 32 * MIB, queueSize: 2 }).done();
  return { etag: ETag!, rows: blocks * BLOCK_ROWS };
}

/** The most that any process of this function has had in memory, in MiB (proc(5), VmHWM). @param name part of the function's name */
export function mostResidentMiB(name: string): number {
  const own = new RegExp(`^PPid:\\s+${process.pid}$`, 'm');
  const found = readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      if (!own.test(status)) return [];
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      const mine = environment.some(
        (one) => one.startsWith('AWS_LAMBDA_FUNCTION_NAME=') && one.includes(name),
      );
      return mine ? [Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024] : [];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
  if (found.length === 0) throw new Error(`Expected a process of ${name}`);
  return Math.max(...found);
}
