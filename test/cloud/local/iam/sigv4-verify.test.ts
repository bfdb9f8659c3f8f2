import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type SignedHttpRequest, verifySigV4 } from '../../../../cloud/local/iam/sigv4-verify.ts';

// The example of the AWS documentation: GET on IAM, signed on 30 August 2015.
const documented: SignedHttpRequest = {
  method: 'GET',
  url: '/?Action=ListUsers&Version=2010-05-08',
  headers: {
    host: 'iam.amazonaws.com',
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'x-amz-date': '20150830T123600Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  },
  body: '',
};
const KEY = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const nowMs = Date.UTC(2015, 7, 30, 12, 36);
const expected = {
  service: 'iam',
  region: 'us-east-1',
  nowMs,
  secretOf: (id: string) => (id === 'AKIDEXAMPLE' ? { secretAccessKey: KEY } : null),
};
const verdict = (request: SignedHttpRequest, changes: Partial<typeof expected> = {}) => {
  const result = verifySigV4(request, { ...expected, ...changes });
  return result.ok ? 'ok' : result.code;
};

test("takes the documentation's example", () => assert.is(verdict(documented), 'ok'));

test('a change in any signed part is noticed', () => {
  const { headers } = documented;
  const changed: SignedHttpRequest[] = [
    { ...documented, method: 'POST' },
    { ...documented, url: '/x?Action=ListUsers&Version=2010-05-08' },
    { ...documented, url: '/?Action=ListRoles&Version=2010-05-08' },
    { ...documented, body: 'x' },
    { ...documented, headers: { ...headers, 'content-type': 'text/plain' } },
    { ...documented, headers: { ...headers, host: 'evil.example' } },
    { ...documented, headers: { ...headers, 'x-amz-target': 'unsigned' } },
  ];
  assert.equal(
    changed.map((request) => verdict(request)),
    changed.map(() => 'InvalidSignatureException'),
  );
});

test('wrong key, region, service, time', () => {
  assert.is(verdict(documented, { secretOf: () => null }), 'UnrecognizedClientException');
  assert.is(
    verdict(documented, { secretOf: () => ({ secretAccessKey: `${KEY}x` }) }),
    'InvalidSignatureException',
  );
  assert.is(verdict(documented, { region: 'eu-west-1' }), 'InvalidSignatureException');
  assert.is(verdict(documented, { service: 'iotdata' }), 'InvalidSignatureException');
  assert.is(verdict(documented, { nowMs: nowMs + 300_000 }), 'ok');
  assert.is(verdict(documented, { nowMs: nowMs + 300_001 }), 'InvalidSignatureException');
  assert.is(verdict(documented, { nowMs: nowMs - 300_001 }), 'InvalidSignatureException');
  assert.is(verdict({ ...documented, headers: { host: 'iam.amazonaws.com' } }), 'MissingAuthenticationToken');
});

test('takes what the SDK signs, in the header and presigned, with a session token', async () => {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: KEY, sessionToken: 'token/+=' };
  const signer = new SignatureV4({ service: 'iam', region: 'us-east-1', credentials, sha256: Sha256 });
  const unsigned = {
    method: 'GET',
    protocol: 'https:',
    hostname: 'example.com',
    path: '/topics/a%2Fb',
    query: { name: "it's (*)", 'X-Amz-ChannelARN': 'arn:aws:kinesisvideo:r:1:channel/x/1' },
    headers: { host: 'example.com' },
  };
  const url = (query: typeof unsigned.query | object) =>
    `${unsigned.path}?${Object.entries(query)
      .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
      .join('&')}`;
  const secretOf = () => ({ secretAccessKey: KEY, sessionToken: credentials.sessionToken });

  const signed = await signer.sign(unsigned, { signingDate: new Date(nowMs) });
  const inHeader = { method: 'GET', url: url(unsigned.query), headers: signed.headers, body: '' };
  assert.is(verdict(inHeader, { secretOf }), 'ok');
  assert.is(verdict(inHeader), 'UnrecognizedClientException');

  const presigned = await signer.presign(unsigned, { signingDate: new Date(nowMs), expiresIn: 299 });
  const inQuery = { method: 'GET', url: url(presigned.query ?? {}), headers: unsigned.headers, body: '' };
  assert.is(verdict(inQuery, { secretOf }), 'ok');
  assert.is(verdict(inQuery, { secretOf, nowMs: nowMs + 299_000 }), 'ok');
  assert.is(verdict(inQuery, { secretOf, nowMs: nowMs + 299_001 }), 'InvalidSignatureException');
});

test.run();
