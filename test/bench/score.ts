/**
 * How many messages are scored a second on one core, without filters of others: `npm run bench:score`. Each is signed, judged afresh (SPF,
 * DKIM, DMARC, the host's name) with DNS in memory, and read for content: plain text, a newsletter in HTML, the same as quoted-printable
 * beside a text, a text with a base64 attachment, of 5 KB and 100 KB; and, without a mark, HTML that is nothing but tags and links. --json prints the figures for a program.
 * Exit code 1 when a mark is missed.
 */
import { generateKeyPairSync } from 'node:crypto';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { signDkim } from 'posthorn/authentication';
import { resolverFromZone } from 'posthorn/dns';
import { createScorer } from 'posthorn/score';
import { publicRecordOf } from '../../src/protocol/dkim/private-keys.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    rounds: { type: 'string', default: '11' },
    only: { type: 'string', default: '' },
  },
});
const rounds = Number(values.rounds);
const turnMs = 400;
/** Messages a second, of 100 KB of each kind but the one that nobody sends. */
const mark = 1_000;
const unmarked = 'HTML, tags and links alone';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const strings = (publicRecordOf(privateKey).match(/.{1,200}/g) ?? []).map((one) => `"${one}"`).join(' ');
const scorer = createScorer({
  resolver: resolverFromZone(`
a.test. TXT "v=spf1 include:_spf1.a.test include:_spf2.a.test ~all"
_spf1.a.test. TXT "v=spf1 ip4:198.51.100.0/24 ~all"
_spf2.a.test. TXT "v=spf1 ip4:192.0.2.64/26 ~all"
mx.a.test. A 192.0.2.70
70.2.0.192.in-addr.arpa. PTR mx.a.test.
r._domainkey.a.test. TXT ${strings}
_dmarc.a.test. TXT "v=DMARC1; p=reject"
`),
});
const session = {
  remoteAddress: '192.0.2.70',
  helo: 'mx.a.test',
  mailFrom: 'news@a.test',
  tls: '1.3',
  isBulk: true,
} as const;

const head = [
  'Received: from app.a.test (app.a.test [10.0.0.3]) by mx.a.test with ESMTPSA',
  '\tid 4Qk2Tm6Xcyz2r; Sun, 22 Nov 2026 09:59:59 +0000',
  'Date: Sun, 22 Nov 2026 09:59:59 +0000',
  'From: "The News of A" <news@a.test>',
  'To: Bob Receiver <bob@b.test>',
  'Subject: What happened this week, and what it means for your account',
  'Message-ID: <20261122095959.4Qk2Tm6Xcyz2r@a.test>',
  'MIME-Version: 1.0',
  'List-Id: <news.a.test>',
  'List-Unsubscribe: <https://a.test/u/5f3a8c1e>, <mailto:u@a.test>',
  'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
];

const repeated = (line: string, octets: number) => `${line}\r\n`.repeat(Math.ceil(octets / (line.length + 2)));
const sentence = 'It was a plain line of text, as people write it, with some words of more length.';
const plain = (octets: number) => repeated(sentence, octets);
/** As the usual builders of newsletters write it: tables, a style on each element, a link and a picture each. */
const block = [
  '<tr>',
  '<td align="left" style="font-size:0px;padding:10px 25px;padding-top:0px;word-break:break-word;">',
  `<div style="font-family:Ubuntu, Helvetica, Arial, sans-serif;font-size:16px;line-height:24px;text-align:left;color:#333333;">${sentence} ${sentence}`,
  '<a href="https://news.a.test/read/2026-11/5f3a8c1e?utm_source=mail&amp;utm_medium=weekly" target="_blank" style="color:#0b5fff;text-decoration:none;font-weight:700;">Read on</a></div>',
  '</td>',
  '</tr>',
  '<tr>',
  '<td align="center" class="spacer" style="font-size:0px;padding:10px 25px;word-break:break-word;">',
  '<img alt="A picture of the thing" height="auto" src="https://img.a.test/2026/11/1.png" style="border:0;display:block;outline:none;text-decoration:none;height:auto;width:100%;font-size:13px;" width="550">',
  '</td>',
  '</tr>',
].join('\r\n');
const page = (body: string) =>
  `<!doctype html><html><body>\r\n${body}<a href="https://a.test/u/5f3a8c1e">Unsubscribe</a></body></html>\r\n`;
const newsletter = (octets: number) => page(repeated(block, octets));
/** Nothing but tags, links and pictures: four times as many as above. */
const dense = (octets: number) =>
  page(
    repeated(
      '<tr><td style="padding:4px"><p>A line</p></td><td><a href="https://a.test/read?id=5f3a8c1e">Read on</a> <img src="https://img.a.test/1.png" alt="A picture" width="200"></td></tr>',
      octets,
    ),
  );
/** RFC 2045 §6.7, as composers write it. */
const quoted = (text: string) =>
  text
    .replaceAll('=', '=3D')
    .split('\r\n')
    .map((line) => (line.match(/(?:=[0-9A-F]{2}|[^=]){1,72}/g) ?? []).join('=\r\n'))
    .join('\r\n');
const base64 = (octets: number) =>
  repeated('QWxsIHdvcmsgYW5kIG5vIHBsYXkgbWFrZXMgSmFjayBhIGR1bGwgYm95IGFuZCBzbyBvbm5uZXh0', octets);

const single = (type: string, body: string) => [...head, `Content-Type: ${type}; charset=utf-8`, '', body].join('\r\n');
const multipart = (kind: string, parts: readonly (readonly [string, string])[]) =>
  [
    ...head,
    `Content-Type: multipart/${kind}; boundary="=_b"`,
    '',
    ...parts.flatMap(([fields, body]) => ['--=_b', fields, '', body]),
    '--=_b--',
    '',
  ].join('\r\n');
const texts = 'Content-Type: text/plain; charset=utf-8';

const kinds: Readonly<Record<string, (octets: number) => string>> = {
  'plain text': (octets) => single('text/plain', plain(octets)),
  'HTML, a newsletter': (octets) => single('text/html', newsletter(octets)),
  'HTML, tags and links alone': (octets) => single('text/html', dense(octets)),
  'newsletter and its text, quoted-printable': (octets) =>
    multipart('alternative', [
      [`${texts}\r\nContent-Transfer-Encoding: quoted-printable`, quoted(plain(octets / 6))],
      [
        'Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable',
        quoted(newsletter((octets * 5) / 6.5)),
      ],
    ]),
  'text with an attachment': (octets) =>
    multipart('mixed', [
      [texts, plain(2_000)],
      [
        'Content-Type: application/pdf; name="a.pdf"\r\nContent-Disposition: attachment; filename="a.pdf"\r\nContent-Transfer-Encoding: base64',
        base64(octets),
      ],
    ]),
};

type Case = { readonly name: string; readonly octets: number; readonly message: Uint8Array; readonly rates: number[] };

async function casesOf(): Promise<readonly Case[]> {
  const cases: Case[] = [];
  for (const [kind, make] of Object.entries(kinds)) {
    for (const octets of [5_000, 100_000]) {
      const name = `${kind}, ${octets / 1_000} KB`;
      if (!name.includes(values.only)) continue;
      const bare = Buffer.from(make(octets));
      const signature = await signDkim(bare, [{ domain: 'a.test', selector: 'r', privateKey }]);
      cases.push({ name, octets, message: Buffer.concat([signature, bare]), rates: [] });
    }
  }
  return cases;
}

/** By the CPU time of this process, which is one core's. */
async function turn({ message }: Case): Promise<number> {
  const before = process.cpuUsage();
  const endMs = performance.now() + turnMs;
  let count = 0;
  while (performance.now() < endMs) {
    await scorer.scoreMessage(message, session);
    count += 1;
  }
  const { user, system } = process.cpuUsage(before);
  return (count * 1e6) / (user + system);
}

const median = (some: readonly number[]) => some.toSorted((one, other) => one - other)[some.length >> 1] ?? Number.NaN;

const cases = await casesOf();
for (const one of cases) {
  const { report, tenths } = await scorer.scoreMessage(one.message, session);
  if (report?.dmarc.result !== 'pass' || tenths < 80)
    throw new Error(`${one.name}: ${report?.dmarc.result}, ${tenths}`);
  for (let warm = 0; warm < 4; warm++) await turn(one);
}
for (let round = 0; round < rounds; round++) for (const one of cases) one.rates.push(await turn(one));

const figures = cases.map(({ name, octets, rates }) => ({
  name,
  perSecond: Math.round(median(rates)),
  mark: octets === 100_000 && !name.startsWith(unmarked) ? mark : null,
}));
const missed = figures.filter(({ perSecond, mark: wanted }) => wanted !== null && perSecond < wanted);
if (values.json) process.stdout.write(`${JSON.stringify({ cpu: cpus()[0]?.model, rounds, figures, missed })}\n`);
else {
  process.stdout.write(`messages scored a second of CPU, median of ${rounds} rounds; ${cpus()[0]?.model}\n`);
  for (const { name, perSecond, mark: wanted } of figures)
    process.stdout.write(
      `  ${name.padEnd(40)} ${String(perSecond).padStart(6)}${wanted === null ? '' : `  mark ${wanted}`}\n`,
    );
}
process.exitCode = missed.length > 0 ? 1 : 0;
