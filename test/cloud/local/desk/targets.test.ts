import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Delivery, Targets } from '../../../../cloud/local/desk/targets.ts';

const delivery: Delivery = {
  principal: 'events.amazonaws.com',
  sourceArn: 'arn:aws:events:eu-central-1:123456789012:rule/mine',
  roleArn: null,
  payload: '{}',
};

test('a delivery goes to the receiver of its service; there is none for another', async () => {
  const targets = new Targets();
  const taken: string[] = [];
  targets.provide('sqs', async (arn) => {
    taken.push(arn);
    return { ok: true };
  });
  assert.equal(await targets.deliver('arn:aws:sqs:eu-central-1:1:q', delivery), { ok: true });
  assert.equal(taken, ['arn:aws:sqs:eu-central-1:1:q']);
  assert.is(targets.has('arn:aws:sns:eu-central-1:1:t'), false);
  const refused = await targets.deliver('arn:aws:sns:eu-central-1:1:t', delivery);
  assert.equal(refused, {
    ok: false,
    code: 'INVALID_TARGET',
    message: 'Nothing on the desk takes deliveries to arn:aws:sns:eu-central-1:1:t',
    retryable: false,
  });
});

test('a receiver that fails is one to try again', async () => {
  const targets = new Targets();
  targets.provide('lambda', () => Promise.reject(new Error('the process is gone')));
  const outcome = await targets.deliver('arn:aws:lambda:eu-central-1:1:function:f', delivery);
  assert.equal(outcome, {
    ok: false,
    code: 'INTERNAL_ERROR',
    message: 'the process is gone',
    retryable: true,
  });
});

test.run();
