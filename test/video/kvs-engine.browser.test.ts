import { test } from 'uvu';
import { createKvsEngine } from '../../firmware/video/kvs-engine.ts';
import { skipWithoutKvs } from '../native/kvs-present.ts';
import { engineContract } from './engine-contract.ts';

if (skipWithoutKvs('engine kvs')) {
  test.skip('engine kvs', () => {});
  test.run();
} else {
  engineContract('kvs', () => createKvsEngine());
}
