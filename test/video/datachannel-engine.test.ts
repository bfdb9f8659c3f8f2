import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createDatachannelEngine } from '../../firmware/video/datachannel-engine.ts';
import { VideoError } from '../../firmware/video/engine.ts';
import { CHROMIUM_OFFER } from './offer.ts';

const loaded = () => readFileSync('/proc/self/maps', 'utf8').includes('node_datachannel');
const threads = () => readdirSync('/proc/self/task').length;

test('an engine without viewers loads nothing', async () => {
  const before = threads();
  const engine = createDatachannelEngine({ logger: () => {} });
  await engine.close();
  await engine.close();
  assert.not(loaded());
  assert.is(threads(), before);
  let error: unknown = null;
  await engine.createPeer({ iceServers: [] }).catch((reason: unknown) => (error = reason));
  assert.ok(error instanceof VideoError && error.code === 'closed');
});

test('the answer sends H.264 on the offered line and takes the data channel', async () => {
  const engine = createDatachannelEngine();
  const peer = await engine.createPeer({ iceServers: [] });
  const candidates: string[] = [];
  peer.localCandidates$.subscribe(({ candidate }) => candidates.push(candidate));
  const answer = await peer.answer(CHROMIUM_OFFER);
  const [session = '', video = '', data = ''] = answer.split(/(?=^m=)/m);
  assert.match(session, /a=group:BUNDLE 0 1/);
  assert.match(video, /^m=video \d+ UDP\/TLS\/RTP\/SAVPF 108\r\n/);
  for (const line of [
    'a=mid:0',
    'a=sendonly',
    'a=setup:active',
    'a=rtcp-mux',
    'a=rtpmap:108 H264/90000',
    'a=rtcp-fb:108 nack',
    'a=rtcp-fb:108 nack pli',
    'a=rtcp-fb:108 goog-remb',
    'a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
  ]) {
    assert.ok(video.includes(`${line}\r\n`), `${line} in\n${video}`);
  }
  assert.match(video, /a=ssrc:\d+ cname:\S+\r\n/);
  assert.match(video, /a=msid:\S+ \S+\r\n/);
  assert.match(data, /^m=application \d+ UDP\/DTLS\/SCTP webrtc-datachannel\r\n/);
  assert.not.match(answer, /transport-cc/);
  await engine.close();
  for (const candidate of candidates) assert.match(candidate, /^candidate:/);
});

test('an offer without the playout-delay extension gets an answer without it', async () => {
  const engine = createDatachannelEngine();
  const peer = await engine.createPeer({ iceServers: [] });
  assert.not.match(await peer.answer(CHROMIUM_OFFER.replace(/a=extmap:5 .*\r\n/, '')), /extmap/);
  await engine.close();
});

test('STUN and TURN servers are taken, unusable ones left out', async () => {
  const engine = createDatachannelEngine();
  const peer = await engine.createPeer({
    iceServers: [
      { urls: ['stun:127.0.0.1:9', 'turns:127.0.0.1:9', 'nonsense', ''] },
      { urls: ['turn:127.0.0.1:9?transport=udp'], username: 'user', credential: 'secret' },
    ],
  });
  assert.match(await peer.answer(CHROMIUM_OFFER), /^v=0/);
  await engine.close();
});

test('ports can be limited', async () => {
  const engine = createDatachannelEngine({ ports: { first: 41_000, last: 41_009 } });
  const peer = await engine.createPeer({ iceServers: [] });
  const answer = await peer.answer(CHROMIUM_OFFER);
  const ports = [...answer.matchAll(/^a=candidate:\S+ 1 udp \d+ \S+ (\d+) typ host/gim)].map(([, port]) =>
    Number(port),
  );
  assert.ok(
    ports.every((port) => port >= 41_000 && port <= 41_009),
    `${ports}`,
  );
  await engine.close();
});

test('a logger that throws ends nothing, and what it hears is the library', async () => {
  const heard: string[] = [];
  const engine = createDatachannelEngine({
    logger: (level, message) => {
      heard.push(`${level} ${message}`);
      throw new Error('the log is full');
    },
  });
  const peer = await engine.createPeer({ iceServers: [] });
  await peer.answer(CHROMIUM_OFFER);
  // Refused by the library itself, which logs that.
  await peer.answer(CHROMIUM_OFFER.replaceAll('a=setup:actpass', 'a=setup:active')).catch(() => {});
  await peer
    .answer(CHROMIUM_OFFER.replaceAll(/a=fingerprint:.*\r\n/g, 'a=fingerprint:sha-999 00\r\n'))
    .catch(() => {});
  for (let round = 0; round < 50 && heard.length === 0; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await engine.close();
  assert.ok(heard.length > 0);
  assert.match(heard[0] ?? '', /^(Warning|Error) /);
});

test('one engine closed leaves another working, and the last one frees the threads', async () => {
  const before = threads();
  const [one, two] = [createDatachannelEngine(), createDatachannelEngine()];
  const [first, second] = [
    await one.createPeer({ iceServers: [] }),
    await two.createPeer({ iceServers: [] }),
  ];
  await Promise.all([first.answer(CHROMIUM_OFFER), second.answer(CHROMIUM_OFFER)]);
  await one.close();
  assert.match(await second.answer(CHROMIUM_OFFER), /^v=0/);
  await two.close();
  for (let round = 0; round < 50 && threads() > before; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(threads() <= before, `${threads()} threads, ${before} before`);
});

test('an engine can be made anew after the last one was closed', async () => {
  const engine = createDatachannelEngine();
  const peer = await engine.createPeer({ iceServers: [] });
  assert.match(await peer.answer(CHROMIUM_OFFER), /^v=0/);
  await engine.close();
});

test('a peer that is still being made when the engine closes is refused', async () => {
  const engine = createDatachannelEngine();
  const making = engine.createPeer({ iceServers: [] }).catch((error: unknown) => error);
  await engine.close();
  const made = await making;
  assert.ok(made instanceof VideoError && made.code === 'closed');
});

test.run();
