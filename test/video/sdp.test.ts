import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { VideoError } from '../../firmware/video/engine.ts';
import { declineOthers, readOffer } from '../../firmware/video/sdp.ts';
import { CHROMIUM_OFFER } from './offer.ts';

const change = (from: string | RegExp, to: string) => CHROMIUM_OFFER.replace(from, to);

test('reads the offer of a browser', () => {
  const offer = readOffer(CHROMIUM_OFFER);
  assert.equal(offer.video, { mid: '0', payloadType: 108, profileLevelId: '42e01f', playoutDelayId: 5 });
  assert.is(offer.iceUfrag, 'Xv0s');
  assert.is(offer.sessionId, '3650112738312045612');
  assert.is(offer.candidates.length, 2);
  assert.is(offer.candidates[0]?.sdpMid, '0');
  assert.match(offer.candidates[0]?.candidate ?? '', /^candidate:1 1 udp /);
  assert.not.match(offer.sdp, /a=candidate/);
});

test('takes line ends of any kind', () => {
  assert.equal(readOffer(CHROMIUM_OFFER.replaceAll('\r\n', '\n')).video, readOffer(CHROMIUM_OFFER).video);
});

test('takes another baseline profile where 42e01f is not offered', () => {
  const offer = readOffer(change('packetization-mode=1;profile-level-id=42e01f', 'packetization-mode=0'));
  assert.equal([offer.video.payloadType, offer.video.profileLevelId], [102, '42001f']);
});

test('takes parameters in capitals and with spaces', () => {
  const offer = readOffer(
    change(/a=fmtp:108 .*/, 'a=fmtp:108 Packetization-Mode=1; profile-level-id=42E01F'),
  );
  assert.is(offer.video.payloadType, 108);
});

test('an offer without the playout-delay extension has none', () => {
  assert.is(readOffer(change(/a=extmap:5 .*\r\n/, '')).video.playoutDelayId, null);
  assert.is(readOffer(change('a=extmap:5 ', 'a=extmap:15 ')).video.playoutDelayId, null);
});

const refused: readonly [string, string][] = [
  ['nothing', ''],
  ['no SDP', 'hello'],
  ['25,001 characters', CHROMIUM_OFFER.padEnd(25_001, 'x')],
  ['no H.264', CHROMIUM_OFFER.replaceAll('H264/90000', 'VP8/90000')],
  [
    'H.264 with packetization-mode 0 only',
    CHROMIUM_OFFER.replaceAll('packetization-mode=1', 'packetization-mode=0'),
  ],
  [
    'H.264 of high profile only',
    CHROMIUM_OFFER.replaceAll(/profile-level-id=42..../g, 'profile-level-id=640c1f'),
  ],
  ['video it sends only', CHROMIUM_OFFER.replaceAll('a=recvonly', 'a=sendonly')],
  ['video it does not want now', CHROMIUM_OFFER.replaceAll('a=recvonly', 'a=inactive')],
  ['refused video', change('m=video 9 ', 'm=video 0 ')],
  ['video without a mid', change('a=mid:0\r\n', '')],
  ['a mid that breaks out of its line', change('a=mid:0', 'a=mid:0 x')],
  ['no ICE user fragment', CHROMIUM_OFFER.replaceAll(/a=ice-ufrag:.*\r\n/g, '')],
  ['sound only', change('m=video', 'm=audio')],
];
for (const [name, sdp] of refused) {
  test(`refuses ${name}`, () => {
    assert.throws(
      () => readOffer(sdp),
      (error: unknown) =>
        error instanceof VideoError && error.code === 'bad_offer' && /^Expected/.test(error.message),
    );
  });
}

test('mutated offers are read or refused, nothing else', () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  const lines = CHROMIUM_OFFER.split('\r\n');
  let read = 0;
  for (let round = 0; round < 5000; round += 1) {
    const mutated = [...lines];
    for (let times = 0; times <= random(4); times += 1) {
      const at = random(mutated.length);
      const line = mutated[at] ?? '';
      const cut = random(line.length + 1);
      mutated[at] =
        [line.slice(0, cut), `${line}${line}`, String.fromCharCode(random(128)) + line, ''][random(4)] ?? '';
    }
    try {
      readOffer(mutated.join('\r\n'));
      read += 1;
    } catch (error) {
      assert.ok(error instanceof VideoError, String(error));
    }
  }
  assert.ok(read > 1000 && read < 5000, `${read} of 5000 were read`);
});

test('declines sound and further pictures, and nothing of the video and the data channel', () => {
  const answer = [
    'v=0',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'a=mid:a',
    'a=sendrecv',
    'm=video 9 UDP/TLS/RTP/SAVPF 108',
    'a=mid:v',
    'a=sendonly',
    'm=video 9 UDP/TLS/RTP/SAVPF 108',
    'a=mid:w',
    'a=sendonly',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'a=mid:d',
    '',
  ].join('\r\n');
  const expected = answer
    .replace('a=sendrecv', 'a=inactive')
    .replace('a=mid:w\r\na=sendonly', 'a=mid:w\r\na=inactive');
  assert.is(declineOthers(answer, 'v'), expected);
});

test.run();
