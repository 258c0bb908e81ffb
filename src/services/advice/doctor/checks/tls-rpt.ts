/** The checks of TLS reports: whether senders are asked to tell where encryption failed, and whether their reports can arrive. */
import type { Check } from '../types.ts';

export const tlsReportChecks = {
  'RPT-01': {
    title: 'Reports about encryption (TLS-RPT)',
    severity: 'advice',
    fails: 'There is no record at _smtp._tls, so no sender tells where encryption to the mail hosts failed.',
    why: 'RFC 8460 §3: senders report only to domains that ask for it; without reports a policy (MTA-STS, DANE) that keeps mail out goes unnoticed.',
    fix: 'Publish a TXT record at _smtp._tls with the address that reports shall go to.',
  },
  'RPT-02': {
    title: 'Record for reports about encryption (TLS-RPT)',
    severity: 'warn',
    fails: 'The record at _smtp._tls is not valid, there are several, or it names places that nobody can report to.',
    why: 'RFC 8460 §3: a record that is not valid, or not the only one, is taken as if there was none.',
    fix: 'Keep one record: v=TLSRPTv1; rua=mailto:...',
  },
  'RPT-03': {
    title: 'Where reports about encryption go (TLS-RPT)',
    severity: 'warn',
    fails: 'A place that the record names cannot receive reports: its domain does not exist, or takes no mail.',
    why: 'RFC 8460 §3: reports go to the addresses in rua; where those do not exist they are lost.',
    fix: 'Name a mailbox that exists, in a domain that receives mail.',
  },
} as const satisfies Record<string, Check>;
