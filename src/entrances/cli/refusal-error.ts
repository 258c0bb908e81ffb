/** An expected no of a service as the no of a command: its exit code and what to type next. Pure. */
import { CliError } from './cli-error.ts';
import { type ExitCode, exits } from './exits.ts';

type Refusal = { readonly code: string; readonly say: string };

const exitOf: Readonly<Record<string, ExitCode>> = {
  'bad-document': exits.problems,
  'domain-unknown': exits.badInput,
  'not-set-up': exits.configuration,
  'dns-failed': exits.tryAgain,
  'domain-unverified': exits.noPermission,
  'from-not-allowed': exits.noPermission,
  'sender-not-allowed': exits.noPermission,
  'rotation-under-way': exits.tryAgain,
  'storage-full': exits.tryAgain,
  busy: exits.tryAgain,
};

/** What to type after the program's name; `about` is the domain, login or id that the refusal is about. */
const nextCommand: Readonly<Record<string, (about: string) => string>> = {
  'domain-unknown': (about) => `domains add ${about}`,
  'bad-document': (about) => `plan ${about}`,
  'not-set-up': () => 'config explain dns',
  'dns-failed': (about) => `domains delegate ${about}`,
  'zone-taken': () => 'config explain dns',
  'other-kind': (about) => `domains delegate ${about} --stop`,
  'rotation-under-way': (about) => `domains verify ${about}`,
  'domain-unverified': (about) => `domains show ${about}`,
  'domain-exists': (about) => `domains show ${about}`,
  'selector-in-use': (about) => `domains show ${about}`,
  'bad-selector': (about) => `domains show ${about}`,
  'from-not-allowed': () => 'domains list',
  'sender-not-allowed': () => 'domains list',
  'login-taken': () => 'users list',
  'login-unknown': () => 'users list',
  'bad-login': () => 'users add --help',
  'bad-password': () => 'users add --help',
  'key-unknown': () => 'keys list',
  'bad-stream': () => 'streams set --help',
  'bad-score': () => 'streams set --help',
  'too-many-streams': () => 'streams list',
  'stream-unknown': () => 'streams list',
  'scope-missing': () => 'keys create --help',
  'address-taken': () => 'mailboxes list',
  'address-reserved': () => 'mailboxes list',
  'no-recipients': () => 'send --help',
  'too-late': (about) => `message ${about}`,
  'nothing-to-retry': (about) => `message ${about}`,
};

/** What to do where no command helps. */
const nextStep: Readonly<Record<string, string>> = {
  'bad-private-key': 'give a PEM file with a private RSA or Ed25519 key: openssl genrsa -out dkim.pem 2048',
  'from-unclear': 'write one From field with one address, then send it again',
  'message-malformed': 'correct what was named above, then send it again',
  'message-too-large': 'send less, or raise limits.message_bytes: posthorn config explain limits',
  'too-many-recipients': 'send several messages with fewer recipients each',
  'score-too-low': 'mend what was named, then send it again; see what the stream asks for: posthorn streams list',
  'mail-loop': 'look at the Received fields: two of the hosts send to each other',
  'idempotency-key-reused': 'remove the Posthorn-Idempotency-Key field, or give it another value',
  'storage-full': 'make room (df -h shows where it went), then send it again',
  busy: 'try again in a moment',
};

export function refusalError(refusal: Refusal, program: string, about = ''): CliError {
  return new CliError({
    exit: exitOfRefusal(refusal.code) ?? exits.badInput,
    code: refusal.code.replaceAll('-', '_'),
    say: refusal.say,
    next: nextAfterRefusal(refusal.code, program, about) ?? `${program} --help`,
  });
}

/** What to do about it, where this table knows. */
export function nextAfterRefusal(code: string, program: string, about = ''): string | undefined {
  const name = code.replaceAll('_', '-');
  const command = Object.hasOwn(nextCommand, name) ? nextCommand[name]?.(about).trim() : undefined;
  if (command !== undefined) return `${program} ${command}`;
  return Object.hasOwn(nextStep, name) ? nextStep[name] : undefined;
}

/** @param code with dashes, as the services spell it, or with underscores, as the API does */
export function exitOfRefusal(code: string): ExitCode | undefined {
  const name = code.replaceAll('_', '-');
  return Object.hasOwn(exitOf, name) ? exitOf[name] : undefined;
}

/** Something named on the command line that is not there. */
export function unknown(what: string, name: string, next: string): CliError {
  return new CliError({ exit: exits.badInput, code: 'not_found', say: `There is no ${what} ${name} here.`, next });
}
