/**
 * Submission (RFC 6409): mail from people's and programs' own clients, after a login under TLS. STARTTLS on 587, TLS from the
 * first octet on 465 (RFC 8314). What may be sent in whose name is decided by outbound.
 */
import type { Timers } from '../../base/clock.ts';
import type { Disk } from '../../base/port/disk.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { clientNetwork } from '../../format/ip-address.ts';
import type { Credentials } from '../../protocol/sasl/sasl-server.ts';
import { replyOf } from '../../protocol/smtp/reply.ts';
import type { Directory } from '../../services/directory/directory.ts';
import type { Principal } from '../../services/directory/types.ts';
import type { Sender } from '../../services/outbound/types.ts';
import { type SmtpListener, type SmtpListenerOptions, serveSmtp } from '../smtp/serve-smtp.ts';
import type { SmtpClient, SmtpPolicy, SmtpVisit } from '../smtp/smtp-policy.ts';
import { entranceOf, type SubmitPorts, submitTransaction } from '../smtp/submit-transaction.ts';
import { createLoginThrottle, type LoginThrottle } from './login-throttle.ts';

export type SubmissionPorts = SubmitPorts & {
  readonly accounts: Pick<Directory['accounts'], 'authenticate'>;
  readonly disk: Disk;
  readonly timers: Timers;
};

type ListenerOptions = Omit<SmtpListenerOptions, 'name' | 'policy' | 'hostname'> & { readonly hostname: DomainName };

/** The policy is made once and shared by all submission listeners, so that a guesser cannot change ports to start anew. */
export function serveSubmission(policy: SmtpPolicy, listener: ListenerOptions): Promise<SmtpListener> {
  return serveSmtp({ ...listener, name: listener.implicitTls ? 'submissions' : 'submission', policy });
}

const noSpace = replyOf('452 4.3.1', 'No space left to store mail; try again later');
const loginFirst = replyOf('530 5.7.0', 'Log in first');

export function submissionPolicy(ports: SubmissionPorts): SmtpPolicy {
  const throttle = createLoginThrottle(ports.timers);
  return { open: (client) => visit(ports, throttle, client) };
}

function visit(ports: SubmissionPorts, throttle: LoginThrottle, client: SmtpClient): SmtpVisit {
  let sender: Sender | undefined;
  return {
    login: 'required',
    dsn: true,
    bareNewline: () => 'refuse',
    authenticate: async (credentials) => {
      const answer = await logIn(ports, throttle, { client, credentials });
      if (typeof answer === 'string') return answer;
      sender = senderOf(answer);
      return 'yes';
    },
    mail: async (mail, facts) => {
      if (!sender) return { kind: 'refuse', reply: loginFirst };
      if (ports.disk.isLow()) return { kind: 'refuse', reply: noSpace };
      const entrance = entranceOf(client, { ...facts, ...mail, authenticated: true });
      return { kind: 'accept', transaction: submitTransaction(ports, { sender, entrance, mail }) };
    },
  };
}

async function logIn(
  { accounts }: SubmissionPorts,
  throttle: LoginThrottle,
  { client, credentials }: { readonly client: SmtpClient; readonly credentials: Credentials },
): Promise<Principal | 'no' | 'later'> {
  const { login, password, actAs } = credentials;
  const network = clientNetwork(client.address);
  if (!(await throttle.admit(network, login))) return 'later';
  const outcome = await accounts.authenticate(login, password);
  if (!outcome.ok && outcome.code === 'busy') return 'later';
  // RFC 4616 §2: an authorization identity of somebody else needs a right that nobody has here
  if (outcome.ok && (actAs === '' || actAs === login)) return outcome.value;
  throttle.failed(network, login);
  return 'no';
}

function senderOf(principal: Principal): Sender {
  const { account, domains } = principal;
  const test = principal.kind === 'key' && principal.test;
  return { kind: principal.kind, account, ...(domains ? { domains } : {}), ...(test ? { test } : {}) };
}
