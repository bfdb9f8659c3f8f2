import { randomUUID } from 'node:crypto';
import type { DeskLog } from '../desk/log.ts';
import { arn, PLACE } from '../desk/place.ts';
import type { View } from '../desk/views.ts';
import { type FaultOptions, Faults } from '../services/faults.ts';
import { ApiError, answered, type Input, onlyFields } from '../services/json-api.ts';
import { refusal, type Service } from '../services/services.ts';

export interface Mail {
  readonly id: string;
  readonly from: string;
  /** To, Cc and Bcc. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

interface Content {
  readonly Data?: string;
}

/** So many stay to be read. */
const MAX_MAILS = 1000;
/** https://docs.aws.amazon.com/ses/latest/dg/quotas.html */
const MAX_RECIPIENTS = 50;
const SEND = '/v2/email/outbound-emails';

/**
 * Amazon SES, of which there is SendEmail with simple content. Mails go nowhere: they are logged and kept. A sender has to
 * be an identity of the template, which counts as verified; the account counts as one with production access.
 * https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
 */
export class Ses {
  readonly #faults = new Faults();
  readonly #identities = new Set<string>();
  readonly #mails: Mail[] = [];
  readonly #log: DeskLog;

  constructor(log: DeskLog) {
    this.#log = log;
  }

  /** @param identity an address, or a domain for all of its addresses */
  addIdentity(identity: string): void {
    this.#identities.add(identity.toLowerCase());
  }

  /** What was sent, oldest first. */
  get mails(): readonly Mail[] {
    return this.#mails;
  }

  view(): View {
    return {
      title: 'Mails',
      columns: ['to', 'subject', 'text'],
      rows: async () =>
        [...this.#mails].reverse().map(({ to, subject, text }) => [to.join(', '), subject, text]),
    };
  }

  /** Makes requests to come fail, `TooManyRequestsException` for one. */
  failNext(code: string, options?: FaultOptions): void {
    this.#faults.failNext(code, options);
  }

  readonly serve: Service = async (request) => {
    if (request.method !== 'POST' || request.url.split('?')[0] !== SEND) {
      return refusal(
        404,
        'NotFoundException',
        `${request.method} ${request.url} is not supported on the desk`,
      );
    }
    const operation = {
      resource: (input: Input) => identityArn(this.#identityOf(addressIn(input)) ?? addressIn(input)),
      context: (input: Input) => ({ 'ses:FromAddress': addressIn(input) }),
      run: (input: Input) => this.#send(input),
    };
    const input = JSON.parse(request.body.toString() || '{}') as Input;
    const answer = await answered('ses', 'SendEmail', operation, input, { request, faults: this.#faults });
    return { ...answer, headers: { ...answer.headers, 'content-type': 'application/json' } };
  };

  #send(input: Input): object {
    onlyFields(input, ['Content', 'Destination', 'FromEmailAddress'], 'BadRequestException');
    const from = addressIn(input);
    if (this.#identityOf(from) === null) {
      const message = `Email address is not verified. The following identities failed the check in region ${PLACE.region.toUpperCase()}: ${from}`;
      throw new ApiError('MessageRejected', message);
    }
    const {
      ToAddresses = [],
      CcAddresses = [],
      BccAddresses = [],
    } = (input.Destination ?? {}) as Record<string, string[]>;
    const to = [...ToAddresses, ...CcAddresses, ...BccAddresses];
    if (to.length < 1 || to.length > MAX_RECIPIENTS) {
      throw new ApiError(
        'BadRequestException',
        `Expected 1 to ${MAX_RECIPIENTS} recipients but received ${to.length}`,
      );
    }
    const content = (input.Content ?? {}) as Input;
    onlyFields(content, ['Simple'], 'BadRequestException');
    const { Subject, Body = {} } = (content.Simple ?? {}) as {
      Subject?: Content;
      Body?: { Text?: Content; Html?: Content };
    };
    if (!Subject?.Data || !(Body.Text?.Data || Body.Html?.Data)) {
      throw new ApiError('BadRequestException', 'Expected a subject and a body');
    }
    const id = randomUUID();
    const mail = {
      id,
      from,
      to,
      subject: Subject.Data,
      text: Body.Text?.Data ?? '',
      html: Body.Html?.Data ?? '',
    };
    this.#mails.push(mail);
    if (this.#mails.length > MAX_MAILS) this.#mails.shift();
    this.#log.line('mail', `to ${to.join(', ')}: ${mail.subject}\n${mail.text}`);
    return { MessageId: id };
  }

  /** The identity that stands for an address: itself before its domain. */
  #identityOf(address: string): string | null {
    const lower = address.toLowerCase();
    return [lower, lower.split('@')[1] ?? ''].find((one) => this.#identities.has(one)) ?? null;
  }
}

export function identityArn(identity: string): string {
  return arn('ses', `identity/${identity}`);
}

/** The address alone, where it came with a name: `Calls <calls@example.com>`. */
function addressIn({ FromEmailAddress }: Input): string {
  const text = String(FromEmailAddress ?? '');
  const address = /<([^<>]+)>\s*$/.exec(text)?.[1] ?? text;
  if (/^[^\s@]+@[^\s@]+$/.test(address)) return address;
  throw new ApiError(
    'BadRequestException',
    `Expected FromEmailAddress to be an address but received ${text}`,
  );
}
