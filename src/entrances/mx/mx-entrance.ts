/**
 * The MX: mail from other servers to this office's own domains (RFC 5321 §2.3.10). Nobody logs in here (MAIL_RULES 27). Networks
 * that the operator named may relay: their mail goes out through the queue. Everybody else is a stranger, loopback included.
 */
import type { Blobs } from '../../base/port/blobs.ts';
import type { Disk } from '../../base/port/disk.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { type Network, networkHolds } from '../../format/ip-address.ts';
import type { BareNewline } from '../../protocol/smtp/line-reader.ts';
import { replyOf } from '../../protocol/smtp/reply.ts';
import type { MailCommand } from '../../protocol/smtp/server-session.ts';
import { type Inbound, isExempt } from '../../services/inbound/inbound.ts';
import type { Destination, Peer } from '../../services/inbound/types.ts';
import { type SmtpListener, type SmtpListenerOptions, serveSmtp } from '../smtp/serve-smtp.ts';
import type { SmtpClient, SmtpFacts, SmtpPolicy, SmtpTransaction, SmtpVisit } from '../smtp/smtp-policy.ts';
import { entranceOf, type SubmitPorts, submitTransaction } from '../smtp/submit-transaction.ts';

export type MxPorts = SubmitPorts & {
  readonly inbound: Pick<Inbound, 'admit' | 'receive'>;
  readonly blobs: Pick<Blobs, 'open'>;
  readonly disk: Disk;
};

export type MxOptions = {
  /** `[relay] allow`. */
  readonly relayFrom: readonly Network[];
  /** For relaying networks only (MAIL_RULES 13); strangers are always refused. */
  readonly relayBareNewline?: BareNewline;
};

type ListenerOptions = Omit<SmtpListenerOptions, 'name' | 'policy' | 'hostname' | 'implicitTls'> & {
  readonly hostname: DomainName;
};

export function serveMx(ports: MxPorts, options: MxOptions, listener: ListenerOptions): Promise<SmtpListener> {
  return serveSmtp({ ...listener, name: 'mx', implicitTls: false, policy: mxPolicy(ports, options) });
}

const recipientNoted = replyOf('250 2.1.5', 'Recipient noted');
const recipientKnown = replyOf('250 2.1.5', 'Recipient noted already');
const oneAtATime = replyOf('452 4.5.3', 'A bounce goes to one recipient; send it to the others separately');
const otherKind = replyOf('452 4.5.3', 'Send it to postmaster, abuse and return paths apart from the others');
const noSpace = replyOf('452 4.3.1', 'No space left to store mail; try again later');

export function mxPolicy(ports: MxPorts, options: MxOptions): SmtpPolicy {
  return {
    open: (client) => {
      const network = options.relayFrom.find((candidate) => networkHolds(candidate, client.address));
      return network ? relayVisit(ports, options, { client, network }) : new StrangerVisit(ports, client);
    },
  };
}

/** A class, because a thousand idle connections hold a thousand of these. */
class StrangerVisit implements SmtpVisit {
  readonly #ports: MxPorts;
  readonly #address: string;

  constructor(ports: MxPorts, client: SmtpClient) {
    this.#ports = ports;
    this.#address = client.address.text;
  }

  get login(): 'none' {
    return 'none';
  }

  /**
   * RFC 3461 §5.2.2: whoever hands us mail for a mailbox says himself that it was relayed. Offered to strangers it would make a
   * tool of us that sends mail to whoever they name (MAIL_RULES 3).
   */
  get dsn(): false {
    return false;
  }

  bareNewline(): BareNewline {
    return 'refuse';
  }

  async authenticate(): Promise<'no'> {
    return 'no';
  }

  async mail(mail: MailCommand, facts: SmtpFacts): ReturnType<SmtpVisit['mail']> {
    const { helo, extended, tls } = facts;
    const peer: Peer = { address: this.#address, helo, extended, tls, via: 'smtp' };
    return { kind: 'accept', transaction: receiveTransaction(this.#ports, { peer, mail }) };
  }
}

/**
 * After DATA there is one reply for all recipients, but postmaster, abuse and return paths are never refused for the author, and
 * others are (MAIL_RULES 5, 16). In one transaction either a forgery would be kept for everybody or postmaster's copy refused with
 * the rest; so the later kind is put off: the client sends it in a transaction of its own (RFC 5321 §4.5.3.1.10).
 */
function receiveTransaction(
  { inbound, blobs }: MxPorts,
  { peer, mail }: { readonly peer: Peer; readonly mail: MailCommand },
): SmtpTransaction {
  const mailFrom = mail.path.kind === 'mailbox' ? mail.path.mailbox : undefined;
  const destinations = new Map<string, Destination>();
  return {
    rcpt: async ({ path }) => {
      if (mailFrom === undefined && destinations.size > 0) return oneAtATime; // MAIL_RULES 4
      const admission = await inbound.admit(peer, mailFrom, path);
      if (admission.kind === 'refuse') return admission.reply;
      const { destination } = admission;
      const key = keyOf(destination);
      const [first] = destinations.values();
      if (first && isExempt(first) !== isExempt(destination)) return otherKind;
      if (destinations.has(key)) return recipientKnown; // named twice, delivered once
      destinations.set(key, destination);
      return recipientNoted;
    },
    openBody: () => blobs.open(),
    finish: async (body) => {
      const envelope = { peer, mailFrom, destinations: [...destinations.values()], body, smtpUtf8: mail.smtpUtf8 };
      return (await inbound.receive(envelope)).reply;
    },
    unanswered: async () => {}, // RFC 5321 §6.1: the client sends it again, and two copies are better than none
  };
}

function keyOf(destination: Destination): string {
  const { local, domain } = destination.recipient;
  return destination.kind === 'mailbox' ? `mailbox ${destination.mailbox}` : `bounce ${local}@${domain}`;
}

function relayVisit(
  ports: MxPorts,
  options: MxOptions,
  { client, network }: { readonly client: SmtpClient; readonly network: Network },
): SmtpVisit {
  return {
    login: 'none',
    dsn: true,
    isExpected: true,
    bareNewline: () => options.relayBareNewline ?? 'refuse',
    authenticate: async () => 'no',
    mail: async (mail, facts) => {
      if (ports.disk.isLow()) return { kind: 'refuse', reply: noSpace };
      const entrance = entranceOf(client, { ...facts, ...mail, authenticated: false });
      const sender = { kind: 'relay', account: network.text } as const;
      return { kind: 'accept', transaction: submitTransaction(ports, { sender, entrance, mail }) };
    },
  };
}
