import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { arn } from '../../../../cloud/local/desk/place.ts';
import { aclOf, letsConnect } from '../../../../cloud/local/iot/acl.ts';
import { Presence } from '../../../../cloud/local/iot/presence.ts';
import { robotPolicy } from '../../../../cloud/robot/policy.ts';

const iot = (resource: string) => arn('iot', resource);
const own = robotPolicy('sts-pi', iot, iot('rolealias/camera')) as Parameters<typeof letsConnect>[1];

test("a robot's policy lets connect that robot and grants its own topics", () => {
  assert.ok(letsConnect('sts-pi', own));
  assert.not(letsConnect('second', own));
  assert.equal(aclOf('sts-pi', [own]).trim().split('\n'), [
    'user sts-pi',
    'topic read sts-pi/action',
    'topic read $aws/things/sts-pi/shadow/#',
    'topic write sts-pi/telemetry',
    'topic write sts-pi/status',
    'topic write $aws/things/sts-pi/shadow/get',
    'topic write $aws/things/sts-pi/shadow/update',
  ]);
});

test('without a policy nothing is granted', () => assert.is(aclOf('sts-pi', []), 'user sts-pi\n'));

test('to hear a topic takes Subscribe and Receive', () => {
  const Statement = [
    { Effect: 'Allow', Action: 'iot:Subscribe', Resource: [iot('topicfilter/a'), iot('topicfilter/b')] },
    { Effect: 'Allow', Action: ['iot:Receive', 'iot:Publish'], Resource: iot('topic/a') },
  ];
  assert.is(aclOf('x', [{ Statement }]), 'user x\ntopic read a\ntopic write a\n');
});

test('the name of the thing may stand in a policy as a variable', () => {
  const Resource = iot(`topic/\${iot:Connection.Thing.ThingName}/out/*`);
  const Statement = { Effect: 'Allow', Action: 'iot:*', Resource };
  assert.is(aclOf('x', [{ Statement }]), 'user x\ntopic write x/out/#\n');
});

test('what an ACL file can not say is refused by name', () => {
  const policy = (Effect: string, resource: string) => ({
    Statement: { Effect, Action: 'iot:Publish', Resource: iot(resource) },
  });
  assert.throws(
    () => aclOf('x', [policy('Deny', 'topic/a')]),
    /the effect Deny in an IoT policy is not supported/,
  );
  assert.throws(
    () => aclOf('x', [policy('Allow', 'topic/a*b')]),
    /topic\/a\*b in an IoT policy is not supported/,
  );
  assert.throws(() => aclOf('x', [policy('Allow', `topic/\${iot:ClientId}`)]), /is not supported/);
});

test("the broker's log becomes events of coming and going", () => {
  const presence = new Presence();
  const joined = presence.eventOf(
    "New client connected from 127.0.0.1:4711 as sts-pi (p5, c1, k30, u'sts-pi').",
    10,
  );
  assert.equal(
    [joined?.eventType, joined?.clientId, joined?.timestamp, joined?.ipAddress],
    ['connected', 'sts-pi', 10, '127.0.0.1'],
  );
  const left = presence.eventOf('Client sts-pi closed its connection.', 20);
  assert.equal(
    [left?.eventType, left?.disconnectReason, left?.versionNumber],
    ['disconnected', 'CONNECTION_LOST', 0],
  );
  assert.is(left?.sessionIdentifier, joined?.sessionIdentifier);
  assert.is(presence.eventOf('Client sts-pi disconnected.', 30), null, 'a connection ends once');
  const again = presence.eventOf(
    "New client connected from 127.0.0.1:4712 as sts-pi (p5, c1, k30, u'sts-pi').",
    40,
  );
  assert.is(again?.versionNumber, 1);
  assert.is.not(again?.sessionIdentifier, joined?.sessionIdentifier);
  const asked = presence.eventOf('Client sts-pi disconnected.', 50);
  assert.ok(asked?.clientInitiatedDisconnect);
  assert.is(presence.eventOf('mosquitto version 2.0.11 running', 60), null);
});

test.run();
