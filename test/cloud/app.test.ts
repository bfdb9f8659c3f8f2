import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { acknowledge } from '../../cloud/common/acknowledge.ts';
import { resourcesOf, synthesizeWhole, withoutSchemas } from './synthesized.ts';

interface Suppression {
  readonly id: string;
  readonly reason: string;
}

test("every stack holds to CloudFormation's schemas and cdk-nag; what is acknowledged has a reason", () => {
  const suppressions = synthesizeWhole({}, (app) =>
    app.node.children
      .filter((child) => child instanceof Stack)
      .flatMap((stack) => resourcesOf(Template.fromStack(stack)))
      .flatMap(([name, { Metadata }]) => {
        const nag = Metadata?.cdk_nag as { rules_to_suppress: Suppression[] } | undefined;
        return (nag?.rules_to_suppress ?? []).map((one) => ({ name, ...one }));
      }),
  );
  assert.ok(suppressions.length > 0);
  for (const { name, id, reason } of suppressions) {
    assert.ok(reason.length >= 30 && reason.includes(' '), `${name} ${id}: ${reason}`);
    assert.match(id, /^AwsSolutions-[A-Z]+\d+(\[.+\])?$/, name);
    if (id.startsWith('AwsSolutions-IAM'))
      assert.match(id, /\[.+\]$/, `${name}: one finding, not the whole rule`);
  }
});

test("what CloudFormation's schemas refuse ends synthesis", () => {
  const incomplete = (app: App) => {
    new CfnResource(new Stack(app, 'bad'), 'Rule', { type: 'AWS::IoT::TopicRule', properties: {} });
  };
  assert.throws(() => synthesizeWhole({}, () => null, incomplete), /Validation failed/);
  assert.not.throws(() => withoutSchemas(() => synthesizeWhole({}, () => null, incomplete)));
});

test('a finding of cdk-nag ends synthesis', () => {
  const open = (app: App) => {
    new Bucket(new Stack(app, 'bad'), 'Open');
  };
  assert.throws(() => withoutSchemas(() => synthesizeWhole({}, () => null, open)), /Validation failed/);
});

test('the context chooses scenarios; one that is not there is refused', () => {
  const names = (scenarios: string) =>
    withoutSchemas(() =>
      synthesizeWhole({ scenarios }, (app) => app.node.children.map(({ node }) => node.id)),
    );
  assert.ok(names('robot').includes('roverd-robot'));
  assert.throws(
    () => names('robot,submarine'),
    /Expected scenarios to be some of robot.*, separated by commas, but received "robot,submarine"/,
  );
});

test('an acknowledgement without a reason is refused', () => {
  const refused = () => acknowledge(new App(), { 'AwsSolutions-S1': 'not needed' });
  assert.throws(refused, /Expected a reason of at least 30 characters for AwsSolutions-S1/);
});

test.run();
