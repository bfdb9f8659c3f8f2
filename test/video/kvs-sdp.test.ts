import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { VideoError } from '../../firmware/video/engine.ts';
import { answerForViewer, offerForSdk, plainCandidate } from '../../firmware/video/kvs-sdp.ts';
import { readOffer } from '../../firmware/video/sdp.ts';
import { CHROMIUM_OFFER } from './offer.ts';

const TWCC = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
const AUDIO = [
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:Xv0s',
  'a=mid:sound',
  'a=recvonly',
  '',
].join('\r\n');
const WITH_SOUND = CHROMIUM_OFFER.replace('m=video', `${AUDIO}m=video`).replace(
  'BUNDLE 0 1',
  'BUNDLE sound 0 1',
);

/** As SDK 1.14 answers. */
const SDK_ANSWER = [
  'v=0',
  'o=- 280696233 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1',
  'm=video 9 UDP/TLS/RTP/SAVPF 108',
  'c=IN IP4 127.0.0.1',
  'a=candidate:0 1 udp 2130706431 192.0.2.2 53329 typ host raddr 0.0.0.0 rport 0 generation 0 network-cost 999',
  'a=ice-ufrag:alF7',
  'a=mid:0',
  'a=sendonly',
  'a=rtpmap:108 H264/90000',
  'a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  'a=rtcp-fb:108 transport-cc',
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  'a=mid:1',
  'a=sctp-port:5000',
  '',
].join('\r\n');

const parts = (sdp: string) => sdp.split(/(?=^m=)/m);

function refuses(sdp: string, message: RegExp): void {
  assert.throws(
    () => offerForSdk(readOffer(sdp)),
    (error: unknown) =>
      error instanceof VideoError && error.code === 'bad_offer' && message.test(error.message),
  );
}

test('the SDK gets one video and one data channel, whatever else the viewer offers', () => {
  const offer = offerForSdk(readOffer(WITH_SOUND));
  const [session = '', video = '', data = '', ...more] = parts(offer);
  assert.equal(more, []);
  assert.match(session, /a=group:BUNDLE 0 1\r\n/);
  assert.match(video, /^m=video 9 UDP\/TLS\/RTP\/SAVPF 108\r\n/);
  assert.match(video, new RegExp(`a=extmap:4 ${TWCC}\r\n`));
  assert.match(video, /a=ice-pwd:Zt7cJ3oP1mQ9wE5rT2yU8iKa\r\n/);
  assert.match(data, /^m=application .*\r\n[\s\S]*a=mid:1\r\na=sctp-port:5000\r\n$/);
  assert.not.match(offer, /VP8|rtx|candidate|audio/);
});

test('without a bundle, or without a data channel, there is only the video', () => {
  const apart = offerForSdk(readOffer(CHROMIUM_OFFER.replace('a=group:BUNDLE 0 1\r\n', '')));
  const alone = offerForSdk(readOffer(parts(CHROMIUM_OFFER).slice(0, 2).join('')));
  for (const offer of [apart, alone]) {
    assert.is(parts(offer).length, 2);
    assert.match(offer, /a=group:BUNDLE 0\r\n/);
  }
});

test('an offer that can not connect securely is refused, and with it what could harm a reader that trusts', () => {
  refuses(CHROMIUM_OFFER.replaceAll(/a=ice-pwd.*\r\n/g, ''), /ice-pwd .* received none/);
  refuses(CHROMIUM_OFFER.replaceAll('Zt7cJ3oP1mQ9wE5rT2yU8iKa', 'short'), /ice-pwd .* received short/);
  refuses(CHROMIUM_OFFER.replaceAll('a=ice-ufrag:Xv0s', `a=ice-ufrag:${'x'.repeat(257)}`), /ice-ufrag/);
  refuses(CHROMIUM_OFFER.replaceAll('sha-256 0F', 'sha-256 F'), /fingerprint/);
  refuses(CHROMIUM_OFFER.replaceAll('sha-256', 'sha-1'), /fingerprint/);
  refuses(CHROMIUM_OFFER.replaceAll('setup:actpass', 'setup:active'), /setup .* received active/);
  const long = `a=extmap:4 ${TWCC}`;
  assert.not.match(
    offerForSdk(readOffer(CHROMIUM_OFFER.replace(long, `${long} ${'x'.repeat(5000)}`))),
    /xxx/,
  );
});

test('an attribute of the session counts for its media', () => {
  const [session = '', ...media] = parts(CHROMIUM_OFFER.replaceAll(/a=(fingerprint|setup):.*\r\n/g, ''));
  const lifted = `${session}a=fingerprint:SHA-256 ${'0f:'.repeat(31)}0f\r\na=setup:actpass\r\n${media.join('')}`;
  const offer = offerForSdk(readOffer(lifted));
  assert.is(offer.match(new RegExp(`a=fingerprint:sha-256 ${'0F:'.repeat(31)}0F\r\n`, 'g'))?.length, 2);
});

test('the answer has a line for every line of the offer, and tells of arrivals', () => {
  const offer = readOffer(WITH_SOUND.replaceAll('42001f', '64001f').replaceAll('42e01f', '420029'));
  const [, sound = '', video = '', data = '', ...more] = parts(answerForViewer(offer, SDK_ANSWER));
  assert.equal(more, []);
  assert.is(sound, 'm=audio 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:sound\r\na=inactive\r\n');
  assert.match(video, new RegExp(`a=extmap:4 ${TWCC}\r\n`));
  assert.match(video, /a=fmtp:108 .*;profile-level-id=420029\r\n/);
  assert.match(video, /a=candidate:0 1 udp 2130706431 192\.0\.2\.2 53329 typ host\r\n/);
  assert.match(data, /^m=application 9 .*\r\na=mid:1\r\na=sctp-port:5000\r\na=max-message-size:16384\r\n$/);
});

test('a later SDK that answers the extension itself gets no second line', () => {
  const answer = SDK_ANSWER.replace('a=mid:0\r\n', `a=mid:0\r\na=extmap:4 ${TWCC}\r\n`);
  assert.is(answerForViewer(readOffer(CHROMIUM_OFFER), answer).match(/extmap/g)?.length, 1);
  const without = CHROMIUM_OFFER.replace(/a=extmap:4 .*\r\n/, '');
  assert.not.match(answerForViewer(readOffer(without), SDK_ANSWER), /extmap/);
});

test('candidates lose what is no address', () => {
  const host = 'candidate:1 1 udp 2130706431 FD00::2 36118 typ host';
  assert.is(plainCandidate(`${host} raddr ::/0 rport 0 generation 0 network-cost 999`), host);
  const reflexive = 'candidate:2 1 udp 1694498815 203.0.113.5 4711 typ srflx';
  assert.is(
    plainCandidate(`${reflexive} raddr 192.0.2.2 rport 53329 generation 0`),
    `${reflexive} raddr 192.0.2.2 rport 53329`,
  );
  assert.is(plainCandidate(`${reflexive} raddr ::/0 rport 0`), `${reflexive} raddr 0.0.0.0 rport 0`);
  assert.is(plainCandidate('what is this'), 'what is this');
});

test.run();
