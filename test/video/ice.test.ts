import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readCandidate, readServerUrl } from '../../firmware/video/ice.ts';

const HOST =
  'candidate:842163049 1 udp 2122260223 192.0.2.7 51234 typ host generation 0 ufrag a+/B network-id 1';

test('takes a UDP candidate with its ICE generation', () => {
  assert.equal(readCandidate(HOST), { text: HOST, ufrag: 'a+/B' });
  assert.equal(readCandidate(`a=${HOST}`), { text: HOST, ufrag: 'a+/B' });
  assert.is(readCandidate(HOST.replace(' ufrag a+/B', ''))?.ufrag, null);
  assert.ok(readCandidate(HOST.replace('192.0.2.7', '2001:db8::7').replace('udp', 'UDP')));
});

const refused: readonly [string, string][] = [
  ['nothing', ''],
  ['no candidate', 'hello'],
  ['a name, which would be looked up', HOST.replace('192.0.2.7', '7d3b.local')],
  ['a broken address', HOST.replace('192.0.2.7', '192.0.2.256')],
  ['TCP', HOST.replace(' udp ', ' tcp ')],
  ['the second component', HOST.replace(' 1 udp', ' 2 udp')],
  ['port 0', HOST.replace('51234', '0')],
  ['port 65536', HOST.replace('51234', '65536')],
  ['a port that is no number', HOST.replace('51234', '12x')],
  ['no type', HOST.split(' typ ')[0] ?? ''],
  ['an unknown type', HOST.replace('typ host', 'typ guest')],
  ['a line break', HOST.replace(' generation', '\r\na=x generation')],
  ['a null character', `${HOST}\0`],
  ['1025 characters', HOST.padEnd(1025, ' x')],
];
for (const [name, candidate] of refused) {
  test(`leaves out ${name}`, () => assert.is(readCandidate(candidate), null));
}

const turn = { urls: [], username: 'user', credential: 'secret' };
const servers: readonly [string, ReturnType<typeof readServerUrl>][] = [
  ['stun:stun.example.org', { hostname: 'stun.example.org', port: 3478, turn: null }],
  ['STUN:stun.example.org:19302', { hostname: 'stun.example.org', port: 19302, turn: null }],
  ['stun:[2001:db8::1]:3479', { hostname: '2001:db8::1', port: 3479, turn: null }],
  [
    'turn:turn.example.org:443?transport=udp',
    { hostname: 'turn.example.org', port: 443, turn: { username: 'user', password: 'secret' } },
  ],
  ['turn:turn.example.org?transport=tcp', null],
  ['turns:turn.example.org:443?transport=udp', null],
  ['https://turn.example.org', null],
  ['', null],
];
for (const [url, expected] of servers) {
  test(`server ${url || '(empty)'}`, () => assert.equal(readServerUrl(url, turn), expected));
}

test('TURN without credentials is left out', () => {
  assert.is(readServerUrl('turn:turn.example.org', { urls: [] }), null);
});

test.run();
