/** What can go wrong, as errors to catch. All of them are a `PosthornError`. */
import type { Email, Problem, ProblemError, Recipient } from './types.ts';

export class PosthornError extends Error {
  override readonly name: string = 'PosthornError';
}

/** The office answered no: a bad request, a wrong key, a domain that is not yours ... Nothing was sent. */
export class RequestRefused extends PosthornError {
  override readonly name = 'RequestRefused';
  readonly status: number;
  /** For programs: `validation_failed`, `domain_unverified` ... The office lists them at /problems. */
  readonly code: string;
  readonly detail: string;
  readonly fix: string | undefined;
  /** What is wrong with which member or parameter. */
  readonly errors: readonly ProblemError[];
  readonly requestId: string | undefined;

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? problem.title ?? `The office answered ${status}.`);
    this.status = status;
    this.code = problem.code ?? 'unknown';
    this.detail = this.message;
    this.fix = problem.fix;
    this.errors = problem.errors ?? [];
    this.requestId = problem.request_id;
  }
}

/** The office could not be reached, or could not do its work, for as long as the client had patience. */
export class OfficeUnreachable extends PosthornError {
  override readonly name = 'OfficeUnreachable';
}

/** The message came to its end, and not everybody has got it. The words are the receiver's where it answered. */
export class DeliveryFailed extends PosthornError {
  override readonly name = 'DeliveryFailed';
  /** The message with all its recipients. */
  readonly email: Email;
  /** Those who have not got it. */
  readonly recipients: readonly Recipient[];
  /** Of the first of them: SMTP reply code, enhanced status code, the receiving server and its very words. */
  readonly code: number | undefined;
  readonly enhanced: string | undefined;
  readonly host: string | undefined;
  readonly text: string | undefined;

  constructor(email: Email) {
    const failed = email.recipients.filter((recipient) => recipient.state !== 'delivered');
    super(summary(failed));
    this.email = email;
    this.recipients = failed;
    const answered = failed.find((recipient) => recipient.reply !== undefined);
    this.code = answered?.reply?.code;
    this.enhanced = answered?.reply?.enhanced;
    this.host = answered?.host;
    this.text = answered?.reply?.text;
  }
}

const namedMax = 3;

function summary(failed: readonly Recipient[]): string {
  const named = failed.slice(0, namedMax).map(({ address, state, say }) => `${address} ${state}: ${say}`);
  const more = failed.length > namedMax ? [`and ${failed.length - namedMax} more`] : [];
  return [...named, ...more].join('; ');
}
