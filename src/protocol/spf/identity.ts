/**
 * Who is checked: the client's address and the sender's local part and domain, out of what was said in the SMTP session.
 * RFC 7208 §2.4 and §4.3. Nothing is repaired: a sender that does not fall into two clear parts has no SPF identity.
 */
import { isAscii } from '../../base/bytes.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { type IpAddress, parseIpAddress } from '../../format/ip-address.ts';
import type { SpfReason, SpfSession } from './types.ts';

export type Identity = {
  readonly client: IpAddress;
  /** As written in MAIL FROM, quotes included. */
  readonly local: string;
  readonly domain: DomainName;
  /** As said, proven nowhere. */
  readonly helo: string;
};

export type NoIdentity = { readonly reason: SpfReason; readonly shown: string; readonly say: string };

/** Far above what SMTP allows (RFC 5321 §4.5.3.1: 256 for a path, 512 for a command line); bounds the work of macros. */
const sessionTextMax = 1_024;

export function readIdentity(session: SpfSession): Identity | NoIdentity {
  const { helo, mailFrom } = session;
  const client = parseIpAddress(session.remoteAddress);
  const sender = mailFrom === '' ? { local: 'postmaster', domain: helo } : splitSender(mailFrom); // RFC 7208 §2.4
  const shown = sender?.domain ?? '';
  if (helo.length > sessionTextMax || mailFrom.length > sessionTextMax) return no('bad-domain', '', 'over-long sender');
  if (client === undefined) return no('bad-remote-address', shown, 'the client address is not an IP address');
  if (sender === undefined) return no('bad-domain', '', 'MAIL FROM is no address');
  const domain = parseDomainName(sender.domain);
  if (domain === undefined) return no('bad-domain', shown, 'the sender has no valid domain');
  if (!domain.includes('.')) return no('bad-domain', shown, 'the domain is a single label'); // RFC 7208 §4.3
  return { client, local: sender.local, domain, helo };
}

/** Whether `%{l}` and `%{s}` may be spoken of in the DNS. RFC 8616 §4 */
export function isAsciiLocal(identity: Identity): boolean {
  return isAscii(identity.local);
}

function no(reason: SpfReason, domain: string, say: string): NoIdentity {
  return { reason, shown: /^[a-z0-9._:[\]-]{1,253}$/i.test(domain) ? domain.toLowerCase() : '', say };
}

/** At the last `@` that is not inside quotes; without one, all of it is the domain. Undefined when a quote stays open. */
function splitSender(mailFrom: string): { readonly local: string; readonly domain: string } | undefined {
  let at = -1;
  let quoted = false;
  for (let i = 0; i < mailFrom.length; i++) {
    const character = mailFrom.charAt(i);
    if (quoted && character === '\\') i++;
    else if (character === '"') quoted = !quoted;
    else if (character === '@' && !quoted) at = i;
  }
  if (quoted) return undefined;
  const local = mailFrom.slice(0, Math.max(at, 0));
  return { local: local === '' ? 'postmaster' : local, domain: mailFrom.slice(at + 1) }; // RFC 7208 §4.3
}
