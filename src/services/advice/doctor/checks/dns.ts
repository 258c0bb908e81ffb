/** The checks of the domain's place in the DNS. */
import type { Check } from '../types.ts';

export const dnsChecks = {
  'DNS-01': {
    title: 'The domain exists and its name servers answer',
    severity: 'critical',
    fails: 'The DNS knows no such domain, or none of its name servers answers for it.',
    why: 'Every other look-up of a receiver fails with it: mail from the domain is refused, mail to it is returned (RFC 5321 §5.1).',
    fix: 'Register the domain or correct its spelling; have the DNS host serve the zone on the name servers named at the registrar.',
  },
  'DNS-02': {
    title: 'All name servers say the same about mail',
    severity: 'error',
    fails: 'The authoritative servers answer differently for MX, SPF or DMARC.',
    why: 'Receivers ask any of the servers, so mail passes or fails by chance (RFC 1034 §4.3.5: all servers of a zone hold the same data).',
    fix: 'Let all servers load the same zone; remove servers of a former DNS host at the registrar.',
  },
  'DNS-03': {
    title: 'Every name server answers',
    severity: 'error',
    fails: 'A server that is named for the zone is silent, or does not hold the zone.',
    why: 'Look-ups that come to it are slow or fail, and receivers put mail off (RFC 1912 §2.8: lame delegation).',
    fix: 'Have the zone loaded on that server, or remove it in the zone and at the registrar.',
  },
  'DNS-04': {
    title: 'DNSSEC: the zone is signed, and the signatures are right',
    severity: 'critical',
    fails:
      'Signatures do not fit (critical), the algorithm or a key reference is out of date (warn), or the zone is unsigned (advice).',
    why: 'Resolvers that check signatures treat wrong ones as no answer at all (RFC 4035 §5.5); DANE works only with a signed zone (RFC 7672 §2.2).',
    fix: 'Turn DNSSEC on at the DNS host and publish its DS record at the registrar; remove DS records that fit no key.',
  },
  'DNS-05': {
    title: 'No wildcard answers for names of mail policies',
    severity: 'error',
    fails:
      'A wildcard record answers at _dmarc, _domainkey or _mta-sts with something that is no policy or key; where receivers only pass over it, that is advice.',
    why: 'A wildcard answers at every name that is not there, those of mail included (RFC 4592 §3.3): none of them counts as made up any more (RFC 9989 §4.7), and a key there is one for every selector (RFC 6376 §3.6.2).',
    fix: 'Remove the wildcard record, or name the hosts it was meant for one by one.',
  },
  'DNS-06': {
    title: 'No name bears the domain twice',
    severity: 'error',
    fails:
      'A record stands at a name like _dmarc.example.com.example.com, or leads to one: the form of the DNS host added the domain again.',
    why: 'Nobody asks at such a name, so the record has no effect (RFC 1035 §5.1: a name without a final dot is completed by the domain).',
    fix: 'Remove it, and enter the name without the domain, or with a dot at its end.',
  },
  'DNS-07': {
    title: 'No alias beside other records',
    severity: 'error',
    fails: 'A CNAME stands at the top of the domain, beside other records, or twice at one name.',
    why: 'Nothing may stand beside a CNAME: servers refuse the zone or answer by chance (RFC 1034 §3.6.2, RFC 2181 §10.1).',
    fix: 'Keep either the CNAME or the other records; at the top of a domain never a CNAME.',
  },
  'DNS-08': {
    title: 'Aliases of mail services are visible as aliases',
    severity: 'error',
    fails:
      'Where a service wants a CNAME, the DNS host answers with addresses of its own instead (proxied or flattened).',
    why: 'Behind the proxy there is neither the key nor the return path; the service and every receiver look for them by DNS (RFC 6376 §3.6.2).',
    fix: 'Switch the proxy off for this record ("DNS only"), or turn CNAME flattening off.',
  },
  'DNS-09': {
    title: 'New records are seen soon',
    severity: 'advice',
    fails: 'The zone tells resolvers to remember for hours that a name does not exist.',
    why: 'A record that is added now stays invisible for as long to whoever asked before (RFC 2308 §5: one to three hours are good).',
    fix: 'Set the last number of the SOA record (minimum, negative TTL) to 3600.',
  },
  'DNS-10': {
    title: 'The domain is registered for a while yet',
    severity: 'warn',
    fails: 'The registration ends within 30 days.',
    why: 'With the registration all mail ends, and whoever registers the domain next gets it.',
    fix: 'Renew the domain at the registrar, best automatically.',
  },
  'DNS-11': {
    title: 'No alias leads to a name that a mail service gave up',
    severity: 'warn',
    fails: 'A CNAME leads to a name of a mail service that does not exist any more.',
    why: 'If the service gives that name to another customer, that one can send as this domain, or receive its bounces.',
    fix: 'Remove the CNAME, or set the service up anew and use the target that it shows now.',
  },
} as const satisfies Record<string, Check>;
