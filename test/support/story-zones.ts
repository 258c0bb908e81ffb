/** The zones of the founding story: what a domain publishes from one state to the next, and what mail from it would get then. */

const own = [
  'example.com. NS ns1.example.com.',
  'example.com. NS ns2.example.com.',
  'example.com. SOA ns1.example.com. hostmaster.example.com. 1 3600 600 1209600 3600',
  'ns1.example.com. A 198.51.100.53',
  'ns2.example.com. A 198.51.100.54',
];
const received = [
  'example.com. MX 10 mail.protonmail.ch.',
  'example.com. MX 20 mailsec.protonmail.ch.',
  'example.com. TXT "protonmail-verification=6b34252054d7c60d3831e1b957c7561bb0d60adb"',
];
const spf = ['example.com. TXT "v=spf1 include:_spf.protonmail.ch ~all"'];
const token = 'dexample7q2n4k6j5h3g2f1d0s9a8p7o6i5u4y3t2r1e';
const signed = [
  ...['', '2', '3'].map(
    (n) => `protonmail${n}._domainkey.example.com. CNAME protonmail${n}.domainkey.${token}.domains.proton.ch.`,
  ),
  '_dmarc.example.com. TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.com"',
];
const sendgrid = [
  's1._domainkey.example.com. CNAME s1.domainkey.u12345678.wl123.sendgrid.net.',
  's2._domainkey.example.com. CNAME s2.domainkey.u12345678.wl123.sendgrid.net.',
  'em1234.example.com. CNAME u12345678.wl123.sendgrid.net.',
];

const text = (...parts: readonly (readonly string[])[]) => `${[...own, ...parts.flat()].join('\n')}\n`;

export const storyStates: readonly {
  readonly name: string;
  readonly zone: string;
  readonly senders: readonly string[];
  readonly score: number;
}[] = [
  { name: 'verification and MX alone', zone: text(received), senders: ['proton'], score: 2 },
  { name: 'SPF', zone: text(received, spf), senders: ['proton'], score: 5.6 },
  { name: 'SPF, DKIM and DMARC', zone: text(received, spf, signed), senders: ['proton'], score: 10 },
  {
    name: 'through SendGrid without domain authentication',
    zone: text(received, spf, signed),
    senders: ['sendgrid'],
    score: 4.4,
  },
  {
    name: 'through SendGrid with it',
    zone: text(received, spf, signed, sendgrid),
    senders: ['sendgrid'],
    score: 10,
  },
];
