/** MX-10: what the mail hosts answered to postmaster@ and abuse@; nothing was sent. Pure. */
import { fails, listed, passes, quoted, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';

const localParts = ['postmaster', 'abuse'] as const;

type Told = { readonly name: string; readonly state: 'yes' | 'no' | 'unknown'; readonly reply?: string };

export function postmasterMissing({ mx, dns, subject: { domain }, show }: DomainFacts): readonly Judged[] {
  const { receives, hosts } = mx.receiving;
  if (receives !== 'unknown' && hosts.length === 0)
    return [skips({ subject: domain, meaning: `${domain} has no mail host to ask.` })];
  const replies = hosts.flatMap(({ probe }) => (probe?.kind === 'seen' ? [probe.accepts] : []));
  const evidence = hosts.filter(({ probe }) => probe !== undefined).map(({ host }) => show(host, 'SMTP'));
  const told = localParts.map((name) => stateOf(name, replies));
  const refused = told.filter(({ state }) => state === 'no');
  if (refused.length > 0) {
    const names = refused.map(({ name }) => `${name}@${domain}`);
    return [
      fails({
        subject: domain,
        meaning: `Mail to ${listed(names)} is refused (${quoted(refused[0]?.reply ?? '', 80)}): whoever has to report a problem reaches nobody.`,
        evidence,
        fix: {
          delete: [],
          set: [],
          steps: [
            `Create ${listed(names)} where the mail of ${domain} is kept, or as other names of a mailbox that is read.`,
          ],
        },
      }),
    ];
  }
  if (told.every(({ state }) => state === 'yes')) {
    const meaning = `postmaster@${domain} and abuse@${domain} take mail.`;
    return [passes({ subject: domain, meaning, evidence })];
  }
  const why = dns.isZoneText ? 'with a zone file no host is dialled' : 'no mail host said so or otherwise';
  const meaning = `Whether postmaster@${domain} and abuse@${domain} take mail could not be seen: ${why}.`;
  return [staysUnknown({ subject: domain, meaning, evidence })];
}

/** One host that takes it is enough; a refusal counts when it is about the mailbox and not about whoever asks. */
function stateOf(name: string, hosts: readonly Readonly<Record<string, string>>[]): Told {
  const replies = hosts.flatMap((accepts) => (Object.hasOwn(accepts, name) ? [accepts[name] as string] : []));
  if (replies.some((reply) => /^2\d\d/.test(reply))) return { name, state: 'yes' };
  const reply = replies.find(isAboutMailbox);
  return reply === undefined ? { name, state: 'unknown' } : { name, state: 'no', reply };
}

/** RFC 3463 §3.2: 5.1.x is about the address, 5.2.1 about a mailbox that is off; without an enhanced code, the usual words. */
function isAboutMailbox(reply: string): boolean {
  const [, code, enhanced] = /^(5\d\d)[ -](\d\.\d{1,3}\.\d{1,3})?/.exec(reply) ?? [];
  if (code === undefined) return false;
  if (enhanced !== undefined) return /^5\.(?:1\.[0-36]|1\.10|2\.1)$/.test(enhanced);
  return (code === '550' || code === '553') && /\b(?:user|mailbox|recipient|address|no such|unknown)\b/i.test(reply);
}
