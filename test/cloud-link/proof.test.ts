import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AWAKE_MS, LinkProof, MAX_WHILE_UNPROVEN } from '../../firmware/cloud-link/proof.ts';

const MAX_AGE_MS = 1000;

/** A proof in which a round trip set out at `atMs` and came back `tookMs` later. */
function proven(atMs: number, tookMs = 50): LinkProof {
  const proof = new LinkProof(MAX_AGE_MS);
  trip(proof, atMs, tookMs);
  return proof;
}

function trip(proof: LinkProof, atMs: number, tookMs: number): void {
  proof.begin(atMs);
  proof.cameBack(atMs, atMs + tookMs);
}

test('nothing is proven at first', () => {
  assert.not(new LinkProof(MAX_AGE_MS).admit(0));
});

test('a round trip proves what comes within the life of a command from its beginning', () => {
  assert.ok(proven(0).admit(MAX_AGE_MS));
  assert.not(proven(0).admit(MAX_AGE_MS + 1));
});

test('the newest round trip counts, also when an older one comes back later', () => {
  const proof = new LinkProof(MAX_AGE_MS);
  proof.begin(0);
  proof.begin(500);
  proof.cameBack(500, 600);
  proof.cameBack(0, 700);
  assert.ok(proof.admit(1_500));
});

test('round trips go on while commands without a time come, and rest afterwards', () => {
  const proof = proven(0);
  assert.not(proof.due(0), 'nobody asks');
  proof.admit(300);
  assert.ok(proof.due(300));
  proof.begin(300);
  assert.not(proof.due(300 + MAX_AGE_MS / 4 - 1));
  assert.ok(proof.due(300 + MAX_AGE_MS / 4));
  proof.cameBack(300, 350);
  assert.ok(proof.due(300 + AWAKE_MS - 1));
  assert.not(proof.due(300 + AWAKE_MS));
});

test('a handful of round trips is under way at most', () => {
  const proof = new LinkProof(MAX_AGE_MS);
  proof.admit(0);
  for (let atMs = 0; proof.due(atMs); atMs += MAX_AGE_MS / 4) {
    assert.ok(atMs <= 8 * MAX_AGE_MS);
    proof.begin(atMs);
  }
});

test('while a round trip is out for longer than a life, the link has stalled', () => {
  const proof = proven(900);
  assert.ok(proof.admit(1_000));
  proof.begin(1_000);
  assert.ok(proof.admit(1_500));
  trip(proof, 1_900, 50);
  // The one of 1000 is still out at 2001.
  assert.not(proof.admit(2_001));
});

test('after a stall commands count only once none has come for a life', () => {
  const proof = new LinkProof(MAX_AGE_MS);
  proof.begin(0);
  proof.cameBack(0, MAX_AGE_MS + 1);
  const keepProven = (atMs: number) => trip(proof, atMs - 100, 50);
  keepProven(1_500);
  assert.not(proof.admit(1_500), 'the backlog');
  keepProven(2_400);
  assert.not(proof.admit(2_400), 'still held: 900 ms after the last');
  keepProven(3_400);
  assert.ok(proof.admit(3_400), 'let go for 1000 ms');
  assert.ok(proof.admit(3_410), 'and on');
});

test('more commands than a broker sends ahead, before anything is proven, are a backlog', () => {
  const few = new LinkProof(MAX_AGE_MS);
  const many = new LinkProof(MAX_AGE_MS);
  for (let n = 0; n < MAX_WHILE_UNPROVEN; n++) few.admit(0);
  for (let n = 0; n <= MAX_WHILE_UNPROVEN; n++) many.admit(0);
  for (const proof of [few, many]) trip(proof, 0, 50);
  assert.ok(few.admit(60));
  assert.not(many.admit(60));
  trip(many, 1_000, 50);
  assert.ok(many.admit(1_060), 'after a silence');
});

test('a round trip that failed is a stall, and those of an earlier connection mean nothing', () => {
  const proof = proven(0);
  proof.begin(100);
  proof.gaveUp(100, 200);
  assert.not(proof.admit(300));

  const fresh = new LinkProof(MAX_AGE_MS);
  fresh.begin(0);
  fresh.reset();
  fresh.cameBack(0, 5_000);
  assert.not(fresh.admit(5_001), 'nothing proven by the old one');
  trip(fresh, 5_100, 50);
  assert.ok(fresh.admit(5_200), 'nor stalled by it');
});

test.run();
