/**
 * AWS IoT on loopback, as far as a robot is provisioned by it: the control plane (its requests signed), the
 * credential provider and the MQTT endpoint, which both go by certificate, policy and thing.
 */
import 'reflect-metadata';
import { createHash, X509Certificate as NodeCertificate, webcrypto } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  Pkcs10CertificateRequest,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { verifySigV4 } from '../../cloud/local/iam/sigv4-verify.ts';
import type { Authority } from './certificates.ts';
import { type Answer, type Asked, type HttpsService, startHttps } from './https-service.ts';

export const IOT_REGION = 'eu-central-1';
export const OPERATOR_KEYS = { accessKeyId: 'AKIATESTOPERATOR', secretAccessKey: 'a secret of the operator' };
const ACCOUNT = `arn:aws:iot:${IOT_REGION}:123456789012`;
const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR_MS = 3_600_000;

interface Certificate {
  readonly arn: string;
  status: 'ACTIVE' | 'INACTIVE';
  readonly policies: Set<string>;
  readonly things: Set<string>;
}

/** Reads MQTT 5 CONNECT as far as the client id, and CONNACK to it (OASIS mqtt-v5.0, 3.1 and 3.2). */
const CONNECT = 0x10;
const DISCONNECT = 0xe0;
const CONNACK_SUCCESS = Buffer.from([0x20, 3, 0, 0, 0]);
const CONNACK_NOT_AUTHORIZED = Buffer.from([0x20, 3, 0, 0x87, 0]);

export class IotService {
  readonly certificates = new Map<string, Certificate>();
  readonly things = new Map<string, Record<string, string>>();
  readonly policies = new Map<string, string>();
  /** Method and path of control plane calls. */
  readonly calls: string[] = [];
  /** Bodies that came; a private key must be in none. */
  readonly bodies: string[] = [];
  /** Client ids that MQTT let in. */
  readonly connected: string[] = [];
  /** How many connections are refused yet, as while an attachment spreads. */
  refuseFirst = 0;
  #ca!: X509Certificate;
  #caKeys!: CryptoKeyPair;
  #control!: HttpsService;
  #credentials!: HttpsService;
  #mqtt!: Server;

  static async start(authority: Authority): Promise<IotService> {
    cryptoProvider.set(webcrypto as Crypto);
    const service = new IotService();
    service.#caKeys = (await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify'])) as CryptoKeyPair;
    service.#ca = await X509CertificateGenerator.createSelfSigned({
      name: 'CN=Devices CA',
      keys: service.#caKeys,
      signingAlgorithm: P256,
      notBefore: new Date(Date.now() - HOUR_MS),
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    });
    const identity = await authority.issueServer();
    const clientsOf = service.#ca.toString('pem');
    service.#control = await startHttps(null, (asked) => service.#onControl(asked));
    service.#credentials = await startHttps(identity, (asked) => service.#onCredentials(asked), {
      clientsOf,
    });
    service.#mqtt = createServer(
      { cert: identity.certificate, key: identity.privateKey, ca: clientsOf, requestCert: true },
      (socket) => service.#onMqtt(socket),
    );
    await new Promise<void>((resolve) => service.#mqtt.listen(0, '127.0.0.1', resolve));
    return service;
  }

  get url(): string {
    return `http://${this.#control.endpoint}`;
  }

  get dataEndpoint(): string {
    return `localhost:${(this.#mqtt.address() as AddressInfo).port}`;
  }

  get credentialsEndpoint(): string {
    return this.#credentials.endpoint;
  }

  /** As the robot's stack leaves it: a policy, and mostly a thing. */
  deploy(name: string, { thing = true, roleAlias = 'robots-camera', status = true } = {}): void {
    if (thing) this.things.set(name, {});
    const statements = [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: `${ACCOUNT}:client/${name}` },
      {
        Effect: 'Allow',
        Action: ['iot:Publish'],
        Resource: [
          `${ACCOUNT}:topic/${name}/telemetry`,
          ...(status ? [`${ACCOUNT}:topic/${name}/status`] : []),
        ],
      },
      ...(roleAlias === ''
        ? []
        : [
            {
              Effect: 'Allow',
              Action: 'iot:AssumeRoleWithCertificate',
              Resource: `${ACCOUNT}:rolealias/${roleAlias}`,
            },
          ]),
    ];
    this.policies.set(`${name}Policy`, JSON.stringify({ Version: '2012-10-17', Statement: statements }));
  }

  async close(): Promise<void> {
    await Promise.all([this.#control.close(), this.#credentials.close()]);
    await new Promise((resolve) => this.#mqtt.close(resolve));
  }

  async #onControl(asked: Asked): Promise<Answer> {
    const verdict = verifySigV4(asked, {
      service: 'iot',
      region: IOT_REGION,
      secretOf: (id) => (id === OPERATOR_KEYS.accessKeyId ? OPERATOR_KEYS : null),
      nowMs: Date.now(),
    });
    if (!verdict.ok) return refused(403, 'UnrecognizedClientException', verdict.message);
    const { pathname, searchParams } = new URL(asked.url, 'https://iot');
    const [kind = '', id = '', part] = pathname.slice(1).split('/').map(decodeURIComponent);
    this.calls.push(`${asked.method} ${pathname.replace(/[0-9a-f]{64}/, '<id>')}`);
    this.bodies.push(asked.body);
    const body = (asked.body === '' ? {} : JSON.parse(asked.body)) as Record<string, unknown>;
    switch (`${asked.method} ${kind}${part ? `/${part}` : ''}`) {
      case 'GET endpoint':
        return {
          body: {
            endpointAddress:
              searchParams.get('endpointType') === 'iot:Data-ATS'
                ? this.dataEndpoint
                : this.credentialsEndpoint,
          },
        };
      case 'GET policies': {
        const policyDocument = this.policies.get(id);
        return policyDocument === undefined ? notFound() : { body: { policyName: id, policyDocument } };
      }
      case 'GET things': {
        const attributes = this.things.get(id);
        return attributes ? { body: { thingName: id, attributes } } : notFound();
      }
      case 'POST things': {
        const { attributes } = body.attributePayload as { attributes: Record<string, string> };
        this.things.set(id, attributes);
        return { body: { thingName: id } };
      }
      case 'DELETE things':
        if (this.#principalsOf(id).length > 0)
          return refused(400, 'InvalidRequestException', 'has principals');
        this.things.delete(id);
        return { body: {} };
      case 'GET things/principals':
        return this.things.has(id) ? { body: { principals: this.#principalsOf(id) } } : notFound();
      case 'PUT things/principals':
        if (!this.things.has(id)) return notFound();
        this.#byArn(asked.headers['x-amzn-principal']).things.add(id);
        return { body: {} };
      case 'DELETE things/principals':
        this.#byArn(asked.headers['x-amzn-principal']).things.delete(id);
        return { body: {} };
      case 'PUT target-policies':
        if (!this.policies.has(id)) return notFound();
        this.#byArn(body.target).policies.add(id);
        return { body: {} };
      case 'POST target-policies':
        this.#byArn(body.target).policies.delete(id);
        return { body: {} };
      default:
        return this.#onCertificates(asked, pathname, searchParams, body);
    }
  }

  async #onCertificates(
    { method }: Asked,
    pathname: string,
    query: URLSearchParams,
    body: Record<string, unknown>,
  ): Promise<Answer> {
    if (method === 'POST' && pathname.startsWith('/attached-policies/')) {
      const arn = decodeURIComponent(pathname.slice('/attached-policies/'.length));
      const policies = [...this.#byArn(arn).policies].map((policyName) => ({ policyName }));
      return { body: { policies } };
    }
    if (method === 'POST' && pathname === '/certificates') {
      return this.#sign(String(body.certificateSigningRequest), query.get('setAsActive') === 'true');
    }
    const id = pathname.slice('/certificates/'.length);
    const certificate = this.certificates.get(id);
    if (!certificate) return notFound();
    if (method === 'GET') {
      const certificateDescription = {
        certificateId: id,
        certificateArn: certificate.arn,
        status: certificate.status,
      };
      return { body: { certificateDescription } };
    }
    if (method === 'PUT') {
      certificate.status = query.get('newStatus') as Certificate['status'];
      return { body: {} };
    }
    if (certificate.status === 'ACTIVE') return refused(406, 'CertificateStateException', 'is active');
    if (certificate.policies.size + certificate.things.size > 0) {
      return refused(409, 'DeleteConflictException', 'is attached');
    }
    this.certificates.delete(id);
    return { body: {} };
  }

  async #sign(pem: string, active: boolean): Promise<Answer> {
    const request = new Pkcs10CertificateRequest(pem);
    if (!(await request.verify())) return refused(400, 'CertificateValidationException', 'bad signature');
    const issued = await X509CertificateGenerator.create({
      subject: request.subject,
      issuer: this.#ca.subject,
      publicKey: request.publicKey,
      signingKey: this.#caKeys.privateKey,
      signingAlgorithm: P256,
      notBefore: new Date(Date.now() - HOUR_MS),
    });
    const certificatePem = `${issued.toString('pem')}\n`;
    const certificateId = createHash('sha256').update(new NodeCertificate(certificatePem).raw).digest('hex');
    const certificateArn = `${ACCOUNT}:cert/${certificateId}`;
    const status = active ? 'ACTIVE' : 'INACTIVE';
    this.certificates.set(certificateId, {
      arn: certificateArn,
      status,
      policies: new Set(),
      things: new Set(),
    });
    return { body: { certificateArn, certificateId, certificatePem } };
  }

  #onCredentials({ url, headers, socket }: Asked): Answer {
    const thing = String(headers['x-amzn-iot-thingname']);
    const alias = /^\/role-aliases\/([^/]+)\/credentials$/.exec(url)?.[1];
    const grant = `${ACCOUNT}:rolealias/${alias}`;
    if (!this.#grants(socket, thing, grant)) return { status: 403, body: { message: 'Access Denied' } };
    const expiration = new Date(Date.now() + HOUR_MS).toISOString();
    const credentials = { accessKeyId: 'ASIA', secretAccessKey: 'secret', sessionToken: 'token', expiration };
    return { body: { credentials } };
  }

  #onMqtt(socket: TLSSocket): void {
    socket.on('error', () => socket.destroy());
    socket.on('data', (packet) => {
      if (packet[0] === DISCONNECT) return void socket.end();
      const clientId = packet[0] === CONNECT ? clientIdOf(packet) : '';
      const granted = this.#grants(socket, clientId, `${ACCOUNT}:client/${clientId}`);
      if (granted) this.connected.push(clientId);
      socket.write(granted ? CONNACK_SUCCESS : CONNACK_NOT_AUTHORIZED);
      if (!granted) socket.end();
    });
  }

  /** By the active certificate that the peer shows, attached to the thing, and a policy attached to it. */
  #grants(socket: TLSSocket, thing: string, resource: string): boolean {
    if (this.refuseFirst > 0) {
      this.refuseFirst -= 1;
      return false;
    }
    const raw = socket.getPeerCertificate().raw;
    const certificate = raw && this.certificates.get(createHash('sha256').update(raw).digest('hex'));
    return (
      certificate !== undefined &&
      certificate.status === 'ACTIVE' &&
      certificate.things.has(thing) &&
      [...certificate.policies].some((name) => this.policies.get(name)?.includes(`"${resource}"`))
    );
  }

  #principalsOf(thing: string): string[] {
    return [...this.certificates.values()].filter(({ things }) => things.has(thing)).map(({ arn }) => arn);
  }

  #byArn(arn: unknown): Certificate {
    const found = [...this.certificates.values()].find((one) => one.arn === arn);
    if (!found) throw new Error(`no certificate ${String(arn)}`);
    return found;
  }
}

function clientIdOf(packet: Buffer): string {
  let at = 1;
  while ((packet[at] ?? 0) & 0x80) at += 1;
  // Remaining length; then name of the protocol, its version, flags and keep-alive.
  at += 1 + 2 + 4 + 1 + 1 + 2;
  // Properties are shorter than 128 bytes.
  at += 1 + (packet[at] ?? 0);
  return packet.subarray(at + 2, at + 2 + packet.readUInt16BE(at)).toString('utf8');
}

function refused(status: number, type: string, message: string): Answer {
  return { status, headers: { 'x-amzn-ErrorType': type }, body: { message } };
}

function notFound(): Answer {
  return refused(404, 'ResourceNotFoundException', 'not found');
}
