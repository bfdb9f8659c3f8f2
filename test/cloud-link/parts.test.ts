import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { aclOf } from '../../cloud/local/iot/acl.ts';
import { Actions } from '../../firmware/cloud-link/actions.ts';
import { splitEndpoint } from '../../firmware/cloud-link/endpoint.ts';
import { readIdentity } from '../../firmware/cloud-link/identity.ts';
import { LinkProof } from '../../firmware/cloud-link/proof.ts';
import type { Sender } from '../../firmware/command/model.ts';
import { originalPolicy, robotPolicy } from './policy.ts';

test('an endpoint is a host, with a port where it names one', () => {
  assert.equal(splitEndpoint('a.example', 443), { host: 'a.example', port: 443 });
  assert.equal(splitEndpoint('a.example:8883', 443), { host: 'a.example', port: 8883 });
  assert.equal(splitEndpoint('[::1]:8883', 443), { host: '::1', port: 8883 });
  assert.equal(splitEndpoint('[::1]', 443), { host: '::1', port: 443 });
});

test('a certificate file that is missing or another thing is named with its key', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roverd-identity-'));
  const path = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const certificate = path('c', '-----BEGIN CERTIFICATE-----\n');
  const privateKey = path('k', '-----BEGIN RSA PRIVATE KEY-----\n');
  const files = { certificate, privateKey, ca: certificate };
  readIdentity(files);
  const messageOf = (changed: Partial<typeof files>) => {
    try {
      readIdentity({ ...files, ...changed });
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.match(messageOf({ ca: '/no/such' }), /\/no\/such \(cloud\.ca\).*ENOENT/);
  assert.match(messageOf({ privateKey: certificate }), /\(cloud\.privateKey\) but received something else/);
  assert.match(messageOf({ certificate: privateKey }), /\(cloud\.certificate\) but received something else/);
  rmSync(folder, { recursive: true });
});

test('a time ahead of the robot proves nothing', () => {
  const sent: Sender[] = [];
  const refused: string[] = [];
  const proof = new LinkProof(1_000);
  const actions = new Actions({
    pipeline: {
      send: (sender) => {
        sent.push(sender);
        return { ok: true };
      },
      linkClosed: () => undefined,
      report: () => {
        throw new Error('not asked');
      },
    },
    clock: { nowMs: () => 0, wallMs: () => 100_000 },
    proof,
    maxAgeMs: 1_000,
    messagesPerS: 100,
    messageBurst: 100,
    countRefusal: (code) => refused.push(code),
    logger: { warn: () => undefined },
  });
  const receive = (issuedAtMs: number) =>
    actions.receive({
      topic: 'rover/action',
      payload: Buffer.from(JSON.stringify({ action: 'forward', issuedAtMs })),
      retain: false,
      userProperties: [],
    });
  receive(101_001);
  assert.equal(refused, ['unproven']);
  receive(101_000);
  receive(100_000);
  assert.is(sent.length, 2);
  proof.begin(0);
  proof.cameBack(0, 0);
  receive(101_001);
  assert.is(sent.length, 3);
});

test('the ACL grants what the policy grants and no more', () => {
  assert.is(
    aclOf('r', [robotPolicy('r')]),
    [
      'user r',
      'topic read r/action',
      'topic read $aws/things/r/shadow/#',
      'topic write r/telemetry',
      'topic write r/status',
      'topic write $aws/things/r/shadow/get',
      'topic write $aws/things/r/shadow/update',
      '',
    ].join('\n'),
  );
  assert.is(
    aclOf('r', [originalPolicy('r')]),
    'user r\ntopic read r/action\ntopic read r/telemetry\ntopic write r/action\ntopic write r/telemetry\n',
  );
});

test.run();
