import type { Desk } from '../desk/desk.ts';
import type { Family } from '../desk/family.ts';
import type { Properties } from '../template/template.ts';

interface Call {
  readonly service: string;
  readonly action: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly physicalResourceId?: { readonly id?: string };
}

type Answer = (parameters: Readonly<Record<string, string>>, desk: Desk) => Readonly<Record<string, string>>;

/** Calls of AWS's APIs that a template makes while it is deployed, by service and action. */
const ANSWERS: Readonly<Record<string, { readonly iamAction: string; readonly answer: Answer }>> = {
  'iot:DescribeEndpoint': {
    iamAction: 'iot:DescribeEndpoint',
    answer({ endpointType }, { services }) {
      if (endpointType !== 'iot:Data-ATS' && endpointType !== 'iot:CredentialProvider') {
        throw new Error(`the endpoint type ${endpointType} is not supported`);
      }
      return { endpointAddress: services.secureHost };
    },
  },
};

/** The CDK's AwsCustomResource: one call of an API in place of a resource. Its function is not run. */
const awsCall = {
  properties: ['ServiceToken', 'ServiceTimeout', 'Create', 'Update', 'Delete', 'InstallLatestAwsSdk'],
  unsupported({ Create, Update, Delete }: Properties) {
    const literal = [Create, Update].find((one) => typeof one === 'string');
    const call = typeof literal === 'string' ? callIn(literal) : null;
    if (call === null && (Create ?? Update) === undefined)
      return ['a custom resource that is no call of an API'];
    return [
      ...(call && !Object.hasOwn(ANSWERS, nameOf(call)) ? [`the call ${nameOf(call)}`] : []),
      ...(Delete === undefined ? [] : ['a call on deletion']),
    ];
  },
  create({ name, properties }: { readonly name: string; readonly properties: Properties }, desk: Desk) {
    const call = callIn(String(properties.Create ?? properties.Update));
    if (!call) throw new Error('Expected a call of an API');
    const known = ANSWERS[nameOf(call)];
    if (!known) throw new Error(`the call ${nameOf(call)} is not supported`);
    const { roleArn } = desk.functions.config(String(properties.ServiceToken));
    if (desk.principals.decide(roleArn, { action: known.iamAction, resource: '*' }) !== 'allow') {
      throw new Error(`${roleArn} is not authorized to perform: ${known.iamAction}`);
    }
    const attributes = known.answer(call.parameters ?? {}, desk);
    return { ref: call.physicalResourceId?.id ?? name, attributes };
  },
};

export const custom: Family = { 'Custom::': awsCall };

function callIn(text: string): Call | null {
  try {
    const call = JSON.parse(text) as Call;
    return typeof call.service === 'string' && typeof call.action === 'string' ? call : null;
  } catch {
    return null;
  }
}

/** The CDK takes names of packages (`@aws-sdk/client-iot`) and of services (`Iot`), actions in either case. */
function nameOf({ service, action }: Call): string {
  const short = service.replace(/^@aws-sdk\/client-/, '').toLowerCase();
  return `${short}:${action.charAt(0).toUpperCase()}${action.slice(1).replace(/Command$/, '')}`;
}
