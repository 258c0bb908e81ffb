/** A domain at which nothing is to be mended, with the whole world it lives in; and a zone of twelve senders. */
import { inPieces, rsa2048 } from './doctor-keys.ts';

const key = inPieces(`v=DKIM1; k=rsa; p=${rsa2048}`);

export const perfectSenders = ['own:192.0.2.25,2001:db8::25,selector=ph1', 'google-workspace'];

export const perfectZone = `
example.com. 3600 SOA ns1.example.net. hostmaster.example.com. 2026112201 7200 3600 1209600 900
example.com. 3600 NS ns1.example.net.
example.com. 3600 NS ns2.example.org.
example.com. 3600 MX 10 mx1.example.com.
example.com. 3600 MX 20 mx2.example.com.
example.com. 3600 TXT "v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 include:_spf.google.com ~all"
example.com. 3600 A 192.0.2.80
mx1.example.com. 3600 A 192.0.2.25
mx1.example.com. 3600 AAAA 2001:db8::25
mx2.example.com. 3600 A 192.0.2.26
mx2.example.com. 3600 AAAA 2001:db8::26
bounce.example.com. 3600 MX 10 mx1.example.com.
bounce.example.com. 3600 TXT "v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 -all"
ph1._domainkey.example.com. 3600 TXT ${key}
google._domainkey.example.com. 3600 TXT ${key}
_dmarc.example.com. 3600 TXT "v=DMARC1; p=reject; sp=reject; np=reject; rua=mailto:dmarc@example.com"
_mta-sts.example.com. 3600 TXT "v=STSv1; id=20261101"
_smtp._tls.example.com. 3600 TXT "v=TLSRPTv1; rua=mailto:tls@example.com"
mta-sts.example.com. 3600 A 192.0.2.80
25.2.0.192.in-addr.arpa. 3600 PTR mx1.example.com.
26.2.0.192.in-addr.arpa. 3600 PTR mx2.example.com.
5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 3600 PTR mx1.example.com.
6.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 3600 PTR mx2.example.com.
_spf.google.com. 300 TXT "v=spf1 ip4:203.0.113.0/24 ~all"
ns1.example.net. 3600 A 198.51.100.53
ns2.example.org. 3600 A 203.0.113.53
example.net. 3600 SOA ns1.example.net. h.example.net. 1 7200 3600 1209600 900
example.org. 3600 SOA ns2.example.org. h.example.org. 1 7200 3600 1209600 900
`;

export const twelveSenders = [
  ...['google-workspace', 'microsoft-365', 'sendgrid', 'mailchimp', 'mailgun', 'zendesk'],
  ...['freshdesk', 'hubspot', 'intercom', 'shopify', 'stripe', 'own:192.0.2.25,2001:db8::25'],
];

const includes = {
  '_spf.google.com': 'ip4:203.0.113.0/26 include:_netblocks.google.com',
  '_netblocks.google.com': 'ip4:203.0.113.64/26',
  'spf.protection.outlook.com': 'ip4:198.51.100.0/26',
  'mailgun.org': 'include:_spf.mailgun.org',
  '_spf.mailgun.org': 'ip4:198.51.100.64/26',
  'mail.zendesk.com': 'ip4:198.51.100.128/26',
};

/** What twelve senders leave in a zone that has grown over the years. */
export const crowdedZone = `${perfectZone
  .split('\n')
  .filter((line) => !/TXT "v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 include|^_spf\.google/.test(line))
  .join('\n')}
example.com. 3600 TXT "v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 ${['_spf.google.com', 'spf.protection.outlook.com', 'mailgun.org', 'mail.zendesk.com'].map((name) => `include:${name}`).join(' ')} ~all"
${Object.entries(includes)
  .map(([name, terms]) => `${name}. 300 TXT "v=spf1 ${terms} ~all"`)
  .join('\n')}
s1._domainkey.example.com. 3600 CNAME s1.domainkey.u1.wl1.sendgrid.net.
s1.domainkey.u1.wl1.sendgrid.net. 3600 TXT ${key}
k2._domainkey.example.com. 3600 CNAME dkim2.mcsv.net.
dkim2.mcsv.net. 3600 TXT ${key}
zendesk1._domainkey.example.com. 3600 CNAME zendesk1._domainkey.zendesk.com.
zendesk1._domainkey.zendesk.com. 3600 TXT ${key}
`;
