import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RoundTrip } from '../../../firmware/teleop/page/round-trip.ts';

test('is that of the last answer, and unknown before the first', () => {
  const trip = new RoundTrip();
  trip.onPing(0);
  assert.is(trip.at(500), null);
  trip.onPong(0, 12);
  assert.is(trip.at(1000), 12);
  trip.onPing(1000);
  trip.onPong(1000, 8);
  assert.is(trip.at(2000), 8);
});

test('an answer that is missing counts for as long as it has been', () => {
  const trip = new RoundTrip();
  trip.onPing(0);
  trip.onPong(0, 12);
  trip.onPing(1000);
  assert.is(trip.at(1005), 12);
  trip.onPing(2000);
  assert.is(trip.at(2000), 1000);
  trip.onPing(3000);
  assert.is(trip.at(3000), 2000);
  trip.onPong(1000, 2400);
  assert.is(trip.at(4000), 2400);
});

test('an answer to an earlier ping does not stand for a later one that is missing', () => {
  const trip = new RoundTrip();
  trip.onPing(0);
  trip.onPong(0, 12);
  trip.onPing(1000);
  trip.onPong(0, 12);
  assert.is(trip.at(5000), 4000);
});

test('a new link knows nothing of the one before', () => {
  const trip = new RoundTrip();
  trip.onPing(0);
  trip.onPong(0, 12);
  trip.onPing(1000);
  trip.reset();
  assert.is(trip.at(9000), null);
});

test.run();
