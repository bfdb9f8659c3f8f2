import { CommandLineError, EXIT } from '../exit.ts';
import { openIotAccount } from './aws-iot.ts';
import { type ProvisionContext, provision, remove, rotate } from './steps.ts';
import { ThingFiles } from './thing-files.ts';

export interface ProvisionArguments {
  readonly region?: string;
  readonly dir: string;
  readonly roleAlias?: string;
  readonly ca?: string;
  readonly endpointUrl?: string;
  /** Seconds. */
  readonly wait: number;
  readonly rotate?: boolean;
  readonly remove?: boolean;
}

/** As it has to fit a thing, a topic, a client id and the robot's own name. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const REGION = /^[a-z]{2,}(-[a-z]+)+-\d{1,2}$/;

/**
 * Gives this machine its place in AWS, and says in plain lines what it did.
 * @throws CommandLineError with what a person can do about it
 */
export async function provisionRobot(
  name: string,
  options: ProvisionArguments,
  print: (line: string) => void,
): Promise<void> {
  if (!NAME.test(name))
    throw usage(`Expected a name of 1 to 64 letters, digits, _ or - but received ${name}`);
  const region = options.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? '';
  if (!REGION.test(region))
    throw usage(`Expected --region such as eu-central-1 but received ${region || 'none'}`);
  const context: ProvisionContext = {
    name,
    region,
    account: openIotAccount(region, options.endpointUrl),
    files: new ThingFiles(options.dir),
    roleAlias: options.roleAlias,
    caFile: options.ca,
    patienceMs: options.wait * 1000,
    say: (verb, what) => print(`${verb.padEnd(8)} ${what}`),
  };
  const work = options.remove ? remove : options.rotate ? rotate : provision;
  try {
    await work(context);
  } catch (error) {
    throw explained(error, region);
  }
}

/** An error of AWS with what a person can do about it. */
function explained(error: unknown, region: string): unknown {
  const { name, message, $metadata } = error as Error & { $metadata?: object };
  const failed = (text: string) => new CommandLineError(EXIT.failed, text, { cause: error });
  if (name === 'CredentialsProviderError') {
    return failed(
      `There are no AWS credentials in this shell (${message}). Set AWS_PROFILE, or run aws configure.`,
    );
  }
  if (name === 'UnauthorizedException' || name === 'AccessDeniedException') {
    return failed(`AWS does not let you: ${message}`);
  }
  const { code = '' } = error as NodeJS.ErrnoException;
  if (/^(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN)$/.test(code)) {
    return failed(`AWS IoT in ${region} can't be reached: ${message || code}`);
  }
  // Whatever else AWS answered; a fault of this program has no such field.
  if ($metadata !== undefined) return failed(`AWS IoT in ${region} answered ${name}: ${message}`);
  return error;
}

function usage(message: string): CommandLineError {
  return new CommandLineError(EXIT.usage, message);
}
