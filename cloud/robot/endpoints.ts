import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledge } from '../common/acknowledge.ts';
import { logGroup } from '../common/logs.ts';

/** Where this account's robots connect. CloudFormation knows no attribute for it, so it is asked for while deploying. */
export class Endpoints extends Construct {
  /** Host of MQTT and of publishing over HTTPS. */
  readonly data: string;
  /** Host that gives credentials for certificates. */
  readonly credentials: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const logs = logGroup(this, 'Logs');
    const lookUp = (name: string, endpointType: string) =>
      new AwsCustomResource(this, name, {
        resourceType: 'Custom::IotEndpoint',
        onUpdate: {
          service: 'Iot',
          action: 'DescribeEndpoint',
          parameters: { endpointType },
          physicalResourceId: PhysicalResourceId.of(endpointType),
          outputPaths: ['endpointAddress'],
        },
        policy: AwsCustomResourcePolicy.fromStatements([
          new PolicyStatement({ actions: ['iot:DescribeEndpoint'], resources: ['*'] }),
        ]),
        logGroup: logs,
        installLatestAwsSdk: false,
      });
    const resources = {
      data: lookUp('Data', 'iot:Data-ATS'),
      credentials: lookUp('Credentials', 'iot:CredentialProvider'),
    };
    this.data = resources.data.getResponseField('endpointAddress');
    this.credentials = resources.credentials.getResponseField('endpointAddress');
    for (const resource of Object.values(resources)) {
      acknowledge(resource, {
        'AwsSolutions-IAM5[Resource::*]':
          'iot:DescribeEndpoint has no resource: it can be granted on * only.',
      });
    }
    const provider = Stack.of(this).node.children.filter((child) =>
      child.node.id.startsWith(`AWS${AwsCustomResource.PROVIDER_FUNCTION_UUID.replaceAll('-', '')}`),
    );
    for (const singleton of provider) {
      acknowledge(singleton, {
        'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]':
          'The role of this function is made by the CDK; the policy lets it write logs and nothing else.',
        'AwsSolutions-L1':
          'The runtime of this function is chosen by the CDK, which goes with it to the next one.',
      });
    }
  }
}
