import { pino } from 'pino';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { VideoError } from '../../firmware/video/engine.ts';
import { createKvsEngine } from '../../firmware/video/kvs-engine.ts';
import { chooseEngine, createEngine, openEngine } from '../../firmware/video/open-engine.ts';
import { AddonMissingError } from '../../native/addon.ts';
import { kvsMissing } from '../native/kvs-present.ts';

const noAddon = () => {
  throw new AddonMissingError('no addon');
};

test('auto takes kvs where it is compiled in', () => {
  assert.is(chooseEngine('auto', () => true).name, 'kvs');
  const without = chooseEngine('auto', () => false);
  assert.is(without.name, 'datachannel');
  assert.match(without.why, /KVS_WEBRTC_PREFIX/);
  assert.equal(chooseEngine('auto', noAddon), { name: 'datachannel', why: 'kvs is absent: no addon' });
});

test('one that is named is taken, or its absence told with how to get it', () => {
  assert.is(chooseEngine('kvs', () => true).name, 'kvs');
  assert.is(chooseEngine('datachannel', noAddon).name, 'datachannel');
  for (const [compiledIn, message] of [
    [() => false, /^The engine kvs is absent: .*run `KVS_WEBRTC_PREFIX=FOLDER npm start`.*--kvs-sdk/],
    [noAddon, /^The engine kvs is absent: no addon/],
  ] as const) {
    assert.throws(
      () => chooseEngine('kvs', compiledIn),
      (error: unknown) =>
        error instanceof VideoError && error.code === 'engine_failed' && message.test(error.message),
    );
  }
});

test('the configuration decides, and the log tells', async () => {
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
  const { config } = loadConfig({ overrides: { 'video.engine': 'auto' } });
  const engine = openEngine(config, logger);
  assert.is(engine.name, kvsMissing() === null ? 'kvs' : 'datachannel');
  assert.match(lines.join(''), new RegExp(`"engine":"${engine.name}","why":"`));
  await engine.close();
  const datachannel = createEngine('datachannel');
  assert.is(datachannel.name, 'datachannel');
  assert.not(datachannel.takesCaptures);
  await datachannel.close();
});

test('an engine whose SDK is absent or does not start says so with its first viewer', async () => {
  const failure = async (engine: ReturnType<typeof createKvsEngine>) => {
    const error = await engine.createPeer({ iceServers: [] }).catch((reason: unknown) => reason);
    await engine.close();
    assert.ok(error instanceof VideoError && error.code === 'engine_failed', String(error));
    return error.message;
  };
  assert.match(await failure(createKvsEngine({ addon: () => null })), /kvs is absent: .*KVS_WEBRTC_PREFIX/);
  const prepare = () => {
    throw Object.assign(new Error('initKvsWebRtc'), { call: 'initKvsWebRtc', status: 0x5b000005 });
  };
  assert.match(
    await failure(createKvsEngine({ addon: () => ({ prepare }) as never })),
    /^initKvsWebRtc failed with STATUS_SRTP_INIT_FAILED \(0x5b000005\): /,
  );
  const closed = createKvsEngine({ addon: () => null });
  await closed.close();
  const error = await closed.createPeer({ iceServers: [] }).catch((reason: unknown) => reason);
  assert.ok(error instanceof VideoError && error.code === 'closed');
});

test.run();
