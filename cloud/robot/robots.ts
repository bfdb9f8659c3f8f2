import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnPolicy, CfnRoleAlias, CfnThing } from 'aws-cdk-lib/aws-iot';
import { CfnSignalingChannel } from 'aws-cdk-lib/aws-kinesisvideo';
import { Construct } from 'constructs';
import { acknowledge } from '../common/acknowledge.ts';
import { robotPolicy } from './policy.ts';

/** The KVS signaling service drops a message that can't be delivered for this long. */
const SIGNALING_TTL_S = 60;
/** Life of a camera's credentials, as in the original. */
const CREDENTIALS_S = 3600;

/** Thing, policy and signaling channel of each robot, and the one role that their cameras take. */
export class Robots extends Construct {
  constructor(scope: Construct, id: string, names: readonly string[]) {
    super(scope, id);
    const stack = Stack.of(this);
    const alias = new CfnRoleAlias(this, 'CameraAlias', {
      roleAlias: `${stack.stackName}-camera`,
      roleArn: this.cameraRole().roleArn,
      credentialDurationSeconds: CREDENTIALS_S,
    });
    const output = new CfnOutput(this, 'RoleAlias', {
      value: alias.ref,
      description: 'Role alias of the cameras',
    });
    output.overrideLogicalId('RoleAlias');

    const iotArn = (resource: string) => stack.formatArn({ service: 'iot', resource });
    for (const name of names) {
      const robot = new Construct(this, name);
      new CfnThing(robot, 'Thing', { thingName: name });
      new CfnPolicy(robot, 'Policy', {
        policyName: `${name}Policy`,
        policyDocument: robotPolicy(name, iotArn, alias.attrRoleAliasArn),
      });
      new CfnSignalingChannel(robot, 'Channel', {
        name,
        type: 'SINGLE_MASTER',
        messageTtlSeconds: SIGNALING_TTL_S,
      });
    }
  }

  /** May be master of the channel that bears the name of the thing whose certificate asked, and of no other. */
  private cameraRole(): Role {
    const role = new Role(this, 'CameraRole', {
      description: 'Streams the camera of a robot',
      assumedBy: new ServicePrincipal('credentials.iot.amazonaws.com'),
    });
    role.addToPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: [
          'kinesisvideo:ConnectAsMaster',
          'kinesisvideo:DescribeSignalingChannel',
          'kinesisvideo:GetIceServerConfig',
          'kinesisvideo:GetSignalingChannelEndpoint',
        ],
        resources: [
          // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the credentials provider
          channelArn(this, '${credentials-iot:ThingName}'),
        ],
      }),
    );
    acknowledge(role, {
      'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kinesisvideo:<AWS::Region>:<AWS::AccountId>:channel/<credentials-iot:ThingName>/*]':
        'The end of a channel ARN is its time of creation, which is not known before; the name is fixed to the thing.',
    });
    return role;
  }
}

/** Names an MQTT topic of this account for a grant. */
export function topicArn(scope: Construct, topic: string): string {
  return Stack.of(scope).formatArn({ service: 'iot', resource: 'topic', resourceName: topic });
}

/** Names the signaling channel of a robot for a grant, whenever it was made. */
export function channelArn(scope: Construct, name: string): string {
  return Stack.of(scope).formatArn({
    service: 'kinesisvideo',
    resource: 'channel',
    resourceName: `${name}/*`,
  });
}
