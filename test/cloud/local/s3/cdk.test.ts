import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readStack } from '../../../../cloud/local/template/assembly.ts';
import { withoutSchemas } from '../../synthesized.ts';
import { openRig } from '../rig.ts';
import { nameOf, s3Client } from './bucket-rig.ts';

/** The desk with a bucket as the CDK writes it. */
async function withBucket<T>(
  change: (bucket: Bucket) => void,
  look: (desk: Awaited<ReturnType<typeof openRig>>) => Promise<T>,
): Promise<T> {
  const outdir = mkdtempSync(join(tmpdir(), 'bucket-'));
  try {
    const app = new App({ outdir, analyticsReporting: false });
    const bucket = new Bucket(new Stack(app, 'buckets'), 'Data', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.DESTROY,
      autoDeleteObjects: true,
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(1), expiration: Duration.days(9) },
      ],
    });
    change(bucket);
    withoutSchemas(() => app.synth());
    const desk = await openRig(await readStack(outdir, 'buckets'));
    try {
      return await look(desk);
    } finally {
      await desk.close();
    }
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

test('a bucket as the CDK writes it, policy, lifecycle and automatic deletion included', async () => {
  await withBucket(
    () => undefined,
    async (desk) => {
      const client = s3Client(desk);
      const { ref } = desk.resources.find(({ type }) => type === 'AWS::S3::Bucket')!;
      assert.match(ref, /^buckets-data[0-9a-f]{8}$/);
      assert.is(
        await nameOf(client.send(new PutObjectCommand({ Bucket: ref, Key: 'a', Body: 'b' }))),
        'done',
      );
      assert.is((await client.send(new ListObjectsV2Command({ Bucket: ref }))).KeyCount, 1);
      assert.ok(desk.lines.includes(`desk ${ref}: its lifecycle rules do nothing here`));
      client.destroy();
    },
  );
});

test("events by the CDK's own way are refused, and what to do is said", async () => {
  const message = await withBucket(
    (bucket) => bucket.enableEventBridgeNotification(),
    async () => 'runs',
  ).catch((error: Error) => error.message);
  assert.match(
    message,
    /Custom::S3BucketNotifications\): .*set NotificationConfiguration of the bucket itself/,
  );
});

test.run();
