import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreateThingCommand,
  DeleteCertificateCommand,
  DeleteThingCommand,
  DescribeCertificateCommand,
  DescribeEndpointCommand,
  DescribeThingCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  GetPolicyCommand,
  IoTClient,
  ListAttachedPoliciesCommand,
  ListThingPrincipalsCommand,
  ResourceNotFoundException,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';

export interface CertificateRecord {
  readonly arn: string;
  readonly active: boolean;
}

/** What provisioning asks of AWS IoT, in an account and region. Each call throws the SDK's errors. */
export interface IotAccount {
  dataEndpoint(): Promise<string>;
  credentialsEndpoint(): Promise<string>;
  /** The document of a policy; null when there is none of this name. */
  policy(name: string): Promise<string | null>;
  thing(name: string): Promise<{ readonly madeHere: boolean } | null>;
  createThing(name: string): Promise<void>;
  deleteThing(name: string): Promise<void>;
  /** By its id, the SHA-256 of the certificate. */
  certificate(id: string): Promise<CertificateRecord | null>;
  /** Signs a request and makes the certificate active. */
  sign(request: string): Promise<{ readonly id: string; readonly arn: string; readonly pem: string }>;
  /** Inactive first, then gone; nothing may be attached to it. */
  deleteCertificate(id: string): Promise<void>;
  attachedPolicies(certificateArn: string): Promise<string[]>;
  attachPolicy(name: string, certificateArn: string): Promise<void>;
  detachPolicy(name: string, certificateArn: string): Promise<void>;
  /** ARNs of the certificates of a thing. */
  principals(thing: string): Promise<string[]>;
  attachThing(thing: string, certificateArn: string): Promise<void>;
  detachThing(thing: string, certificateArn: string): Promise<void>;
}

/** Marks a thing that `roverd provision` made: another one, as of a stack, is not its to delete. */
const MADE_BY = { key: 'madeBy', value: 'roverd-provision' } as const;

/** @param endpointUrl another address than AWS's own */
export function openIotAccount(region: string, endpointUrl: string | undefined): IotAccount {
  const client = new IoTClient({ region, ...(endpointUrl === undefined ? {} : { endpoint: endpointUrl }) });

  const endpoint = async (endpointType: string): Promise<string> => {
    const { endpointAddress } = await client.send(new DescribeEndpointCommand({ endpointType }));
    if (!endpointAddress) throw new Error(`AWS IoT named no endpoint for ${endpointType}`);
    return endpointAddress;
  };

  return {
    dataEndpoint: () => endpoint('iot:Data-ATS'),
    credentialsEndpoint: () => endpoint('iot:CredentialProvider'),
    async policy(policyName) {
      const found = await orNull(client.send(new GetPolicyCommand({ policyName })));
      return found ? (found.policyDocument ?? '') : null;
    },
    async thing(thingName) {
      const found = await orNull(client.send(new DescribeThingCommand({ thingName })));
      return found ? { madeHere: found.attributes?.[MADE_BY.key] === MADE_BY.value } : null;
    },
    async createThing(thingName) {
      const attributePayload = { attributes: { [MADE_BY.key]: MADE_BY.value } };
      await client.send(new CreateThingCommand({ thingName, attributePayload }));
    },
    async deleteThing(thingName) {
      await client.send(new DeleteThingCommand({ thingName }));
    },
    async certificate(certificateId) {
      const found = await orNull(client.send(new DescribeCertificateCommand({ certificateId })));
      const { certificateArn = '', status } = found?.certificateDescription ?? {};
      return found ? { arn: certificateArn, active: status === 'ACTIVE' } : null;
    },
    async sign(certificateSigningRequest) {
      const command = new CreateCertificateFromCsrCommand({ certificateSigningRequest, setAsActive: true });
      const { certificateId, certificateArn, certificatePem } = await client.send(command);
      if (!certificateId || !certificateArn || !certificatePem)
        throw new Error('AWS IoT gave no certificate');
      return { id: certificateId, arn: certificateArn, pem: certificatePem };
    },
    async deleteCertificate(certificateId) {
      await client.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
      await client.send(new DeleteCertificateCommand({ certificateId }));
    },
    async attachedPolicies(target) {
      const names: string[] = [];
      let marker: string | undefined;
      do {
        const page = await client.send(
          new ListAttachedPoliciesCommand({ target, ...(marker ? { marker } : {}) }),
        );
        names.push(...(page.policies ?? []).flatMap(({ policyName }) => policyName ?? []));
        marker = page.nextMarker || undefined;
      } while (marker);
      return names;
    },
    async attachPolicy(policyName, target) {
      await client.send(new AttachPolicyCommand({ policyName, target }));
    },
    async detachPolicy(policyName, target) {
      await client.send(new DetachPolicyCommand({ policyName, target }));
    },
    async principals(thingName) {
      const arns: string[] = [];
      let nextToken: string | undefined;
      do {
        const page = await client.send(
          new ListThingPrincipalsCommand({ thingName, ...(nextToken ? { nextToken } : {}) }),
        );
        arns.push(...(page.principals ?? []));
        nextToken = page.nextToken || undefined;
      } while (nextToken);
      return arns;
    },
    async attachThing(thingName, principal) {
      await client.send(new AttachThingPrincipalCommand({ thingName, principal }));
    },
    async detachThing(thingName, principal) {
      await client.send(new DetachThingPrincipalCommand({ thingName, principal }));
    },
  };
}

async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return null;
    throw error;
  }
}
