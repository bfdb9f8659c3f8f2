import * as assert from 'uvu/assert';
import { createDatachannelEngine } from '../../firmware/video/datachannel-engine.ts';
import type { Check } from './contract/bench.ts';
import { until } from './contract/engine-rig.ts';
import { engineContract } from './engine-contract.ts';

engineContract('datachannel', () => createDatachannelEngine(), checkChannels);

/** A data channel that was closed before the robot heard of it can't be freed by the library (see the leg). */
function checkChannels(check: Check): void {
  check('a viewer that goes on opening data channels is ended, and only that one', async (rig, { page }) => {
    const { peer } = await rig.view('a');
    const flooder = await rig.view('flooder');
    const states: string[] = [];
    flooder.peer.state$.subscribe((state) => states.push(state));
    for (const id of ['a', 'flooder']) {
      await until('the data channel is open', async () => (await rig.viewers.channelState(id)) === 'open');
    }
    await page.evaluate(async () => {
      const { connection } = window.viewers.get('flooder')!;
      for (let n = 0; n < 100; n += 1) {
        const channel = connection.createDataChannel(`${n}`);
        channel.onopen = () => channel.close();
        if (n % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
    await until('the flooder has failed', () => states.includes('failed'));
    await flooder.peer.close();
    assert.ok(peer.sendData('still here'));
    const { framesDecoded } = await rig.viewers.stats('a');
    await until(
      'frames go on',
      async () => (await rig.viewers.stats('a')).framesDecoded > framesDecoded + 10,
    );
  });
}
