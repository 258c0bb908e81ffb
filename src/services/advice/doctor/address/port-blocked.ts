/** IPR-06: whether mail can leave by port 25. */
import type { DomainFacts, Judged, Rule } from '../types.ts';

export const portBlocked: Rule<'IPR-06'> = { id: 'IPR-06', judge: judgePort };

function judgePort({ subject, addresses: { port25, sendsItself }, show }: DomainFacts): readonly Judged[] {
  const { domain, office } = subject;
  if (!sendsItself) {
    const meaning = 'No server of your own is known that would have to reach others by port 25.';
    return [{ subject: domain, evidence: [], status: 'skip', meaning }];
  }
  if (port25 === undefined || port25.answer === 'unknown') {
    const meaning = 'Whether servers of others can be reached by port 25 could not be tried from here.';
    const evidence = port25 === undefined ? [] : [show(port25.host, 'PORT25')];
    return [{ subject: domain, evidence, status: 'unknown', meaning }];
  }
  const about = { subject: office?.hostname ?? 'this machine', evidence: [show(port25.host, 'PORT25')] };
  if (port25.answer === 'open')
    return [{ ...about, status: 'pass', meaning: 'This machine reaches servers of others by port 25.' }];
  const meaning = office
    ? 'This machine cannot reach servers of others by port 25, which its provider keeps closed: no mail leaves it directly.'
    : 'This machine cannot reach servers of others by port 25; if mail is to leave from here, it cannot.';
  const steps = [
    'Send through a relay, which takes mail by port 587 (--sender smtp-relay, or a service for sending).',
    'Or ask the provider of the machine to open outgoing port 25.',
  ];
  // A laptop that looks after a server elsewhere tells nothing of that server.
  return [
    {
      ...about,
      status: 'fail',
      ...(!office && { severity: 'warn' as const }),
      meaning,
      fix: { delete: [], set: [], steps },
    },
  ];
}
