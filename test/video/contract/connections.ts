import * as assert from 'uvu/assert';
import { CHROMIUM_OFFER } from '../offer.ts';
import { assertRejects, type Check } from './bench.ts';
import { until } from './engine-rig.ts';

/** Candidates, the data channel, and negotiating again. */
export function checkConnections(check: Check): void {
  for (const candidates of ['before the offer', 'after a second', 'never'] as const) {
    check(`connects when the viewer's candidates come ${candidates}`, async (rig) => {
      const { peer } = await rig.view('a', { candidates });
      for (const candidate of [
        '',
        'candidate:',
        'x'.repeat(100_000),
        'candidate:1 1 udp 1 ../etc 1 typ host',
      ]) {
        peer.addCandidate({ candidate, sdpMid: candidates });
      }
      await until('frames are decoded', async () => (await rig.viewers.stats('a')).framesDecoded > 5);
    });
  }

  check('data goes both ways, whatever else the viewer opens', async (rig, { page, bench }) => {
    const unconnected = await bench.engine.createPeer({ iceServers: [] });
    await unconnected.answer(CHROMIUM_OFFER);
    assert.not(unconnected.sendData('too early'));
    await unconnected.close();

    const { peer } = await rig.view('a');
    const opened: boolean[] = [];
    const received: string[] = [];
    peer.dataOpen$.subscribe((open) => opened.push(open));
    peer.data$.subscribe((text) => received.push(text));
    await until('the data channel is open', () => opened.at(-1) === true);
    await until('the viewer sees it open', async () => (await rig.viewers.channelState('a')) === 'open');
    await rig.viewers.send('a', '{"action":"forward"}');
    await rig.viewers.send('a', 'Grüße 🤖');
    await until('the robot has both', () => received.length === 2);
    // Unordered, so that either may be first.
    assert.equal(received.sort(), ['Grüße 🤖', '{"action":"forward"}']);
    assert.ok(peer.sendData('Grüße zurück 🤖'));
    await until('the viewer has it', async () => (await rig.viewers.messages('a')).length === 1);
    assert.equal(await rig.viewers.messages('a'), ['Grüße zurück 🤖']);

    const other = await page.evaluate(async () => {
      const { connection, channel } = window.viewers.get('a')!;
      const state = connection.createDataChannel('other');
      channel.send(new Uint8Array([1, 2, 3]));
      state.onopen = () => state.send('who is there');
      await new Promise((resolve) => setTimeout(resolve, 500));
      return state.readyState;
    });
    assert.is(other, 'closed');
    assert.is(received.length, 2);

    await page.evaluate(() => window.viewers.get('a')!.channel.close());
    await until('the robot sees it closed', () => opened.at(-1) === false);
    assert.not(peer.sendData('too late'));
    assert.equal(opened.slice(-2), [true, false]);
  });

  check('a second offer is answered, and ICE can be restarted', async (rig, { page, bench }) => {
    const view = await rig.view('a', { show: true });
    const { peer } = view;
    const received: string[] = [];
    peer.data$.subscribe((text) => received.push(text));
    await until('frames are shown', async () => (await rig.viewers.frames('a')).length > 10);
    await until('the data channel is open', async () => (await rig.viewers.channelState('a')) === 'open');

    for (const offer of ['nonsense', CHROMIUM_OFFER.replaceAll('H264', 'VP8')]) {
      await assertRejects(peer.answer(offer), 'bad_offer');
    }
    const again = await page.evaluate(async () => {
      const { connection } = window.viewers.get('a')!;
      await connection.setLocalDescription(await connection.createOffer());
      return connection.localDescription!.sdp;
    });
    await rig.viewers.answer('a', await peer.answer(again));
    const shown = (await rig.viewers.frames('a')).length;
    await until('frames go on', async () => (await rig.viewers.frames('a')).length > shown + 30, 3000);

    for (const text of ['after one restart', 'after two']) {
      const startedMs = performance.now();
      await view.restart();
      const before = (await rig.viewers.frames('a')).length;
      await until('frames go on', async () => (await rig.viewers.frames('a')).length > before);
      console.log(
        `MEASURED ${bench.engine.name}: pictures ${(performance.now() - startedMs).toFixed(0)} ms after ICE restarted`,
      );
      await until('the data channel is open', () => peer.sendData(`robot ${text}`));
      await rig.viewers.send('a', text);
      await until('the robot has it', () => received.includes(text));
      await until('the viewer has it', async () =>
        (await rig.viewers.messages('a')).includes(`robot ${text}`),
      );
    }
  });
}
