import { join } from 'node:path';
import { transcriptIn } from '../../cloud/call-analytics/call.lambda-shared.ts';
import { chunksOf } from '../../cloud/call-analytics/chunks.lambda-shared.ts';
import { SENTIMENT_BYTES } from '../../cloud/call-analytics/constants.ts';
import { speechOf } from '../../cloud/local/transcribe/speech.ts';
import { transcriptOf } from '../../cloud/local/transcribe/transcript.ts';
import { writeAssembly } from '../cloud/assembly.ts';
import { sizeAndLoad } from './bundles.ts';
import { type Figure, figure } from './figure.ts';

const FUNCTIONS = {
  'calls, transcribe': 'StepsTranscribeFunction',
  'calls, translate': 'StepsTranslateFunction',
  'calls, sentiment': 'StepsSentimentFunction',
  'calls, failed': 'StepsFailedFunction',
  'calls, notify': 'RoutingNotify',
  'calls, publish': 'RoutingPublish',
};
const LOADS = 11;
/** Four hours, the longest that Transcribe takes, at 150 words a minute. */
const TURNS = 3600;
const SENTENCE = 'So I waited at the door, and nobody came.';

/** What the functions of call analytics cost before and while they work. */
export async function bench(): Promise<Figure[]> {
  const context = { scenarios: 'call-analytics', callsManager: 'boss@example.org' };
  const assembly = await writeAssembly(context, { schemas: false });
  try {
    const figures: Figure[] = [];
    for (const [name, logicalId] of Object.entries(FUNCTIONS)) {
      const path = join(await assembly.bundleOf('roverd-call-analytics', logicalId), 'index.mjs');
      figures.push(...(await sizeAndLoad(name, path, { loads: LOADS })));
    }
    return [...figures, ...longCall()];
  } finally {
    await assembly.remove();
  }
}

/** To read the transcript of a call of four hours, and to cut it for Comprehend. */
function longCall(): Figure[] {
  const lines = Array.from({ length: TURNS }, (_, at) => `spk_${at % 2}: ${SENTENCE}`);
  const transcript = transcriptOf({
    jobName: 'long',
    accountId: '123456789012',
    speech: speechOf(lines.join('\n')),
    maxSpeakers: 2,
    language: 'en-US',
    identified: false,
  });
  const bytes = Buffer.from(JSON.stringify(transcript));
  const reading: number[] = [];
  const cutting: number[] = [];
  for (let round = 0; round < 20; round++) {
    const start = performance.now();
    const { text } = transcriptIn(bytes);
    const read = performance.now();
    if (chunksOf(text, SENTIMENT_BYTES).length < 2) throw new Error('Expected several parts');
    reading.push(read - start);
    cutting.push(performance.now() - read);
  }
  return [
    figure('calls: transcript of a call of four hours', 'MiB', [bytes.byteLength / 1024 / 1024]),
    figure('calls: to read that transcript', 'ms', reading),
    figure('calls: to cut its text into parts', 'ms', cutting),
  ];
}
