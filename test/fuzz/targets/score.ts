/**
 * Messages of strangers, scored: without an exception, to a number that its deductions account for, with findings of bounded number and
 * length, and a page that drives no terminal. The first octet chooses what is known of the session.
 */
import assert from 'node:assert/strict';
import { scoreLines } from '../../../src/entrances/cli/render-score.ts';
import { plainStyle } from '../../../src/entrances/cli/style.ts';
import { resolverFromZone } from '../../../src/protocol/dns/zone-resolver.ts';
import { createScorer, scoreDocument } from '../../../src/services/advice/advice.ts';
import type { MessageScore, ScoreSession } from '../../../src/services/advice/score/types.ts';
import { type FuzzTarget, headAndRest, type OpenTarget, type Outcome } from '../target.ts';
import { mimeMessages, mimeWords } from './mime-messages.ts';

const html = [
  '0From: "ann@bank.example" <ann@shop.example>',
  'Subject: =?utf-8?q?=1B[2J?= FREE',
  'List-Unsubscribe: <https://shop.example/u>',
  'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
  'Authentication-Results: mx.b.example; dkim=pass header.d=sendgrid.net; spf=pass smtp.mailfrom=b@em.sendgrid.net; dmarc=fail (p=NONE)',
  'DKIM-Signature: v=1; a=rsa-sha256; d=sendgrid.net; s=s1; l=3; x=1; h=From:From:Subject; bh=AAAA; b=BBBB',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<a href="http://bit.ly/x">www.bank.example</a><img src="https://t.example/p.gif?u=1" width=1 height=1><a href="#">x</a>',
].join('\r\n');

export const score: FuzzTarget = {
  name: 'score',
  octetsMax: 16_384,
  seeds: () => [
    html,
    html.replace('0From', '1From'),
    '1Received: from a.example (b.example. [192.0.2.1]) by c.example with ESMTP id 1; Fri, 21 Oct 2016 10:00:04 +0000\r\nFrom: a@shop.example\r\n\r\n',
    '2From: a@shop.example, b@other.example\r\nReply-To: x@y.example\r\nDate: x\r\n\r\nhello\r\n',
    ...mimeMessages().map((one) => `1${one}`),
  ],
  dictionary: [
    ...mimeWords,
    ...['<a href="', '">', '</a>', '<img src=', '<style>', '<!--', '&#x1b;', 'https://', 'http://', 'data:', 'mailto:'],
    ...[
      'From: ',
      'Subject: ',
      'List-Id: ',
      'Reply-To: ',
      'DKIM-Signature: ',
      'd=sendgrid.net',
      'l=',
      'x=',
      '\u001b[2J',
      '\u202e',
    ],
  ],
  separators: ['\r\n', ';', ' ', '=', '<', '>', '"'],
  open,
};

const zone = `
shop.example. TXT "v=spf1 ip4:192.0.2.1 ~all"
_dmarc.shop.example. TXT "v=DMARC1; p=reject"
1.2.0.192.in-addr.arpa. PTR mx.shop.example.
mx.shop.example. A 192.0.2.1
`;

async function open(): Promise<OpenTarget> {
  const { loadCatalogue } = await import('../../../src/app/load-catalogue.ts');
  const clock = { nowMs: () => Date.UTC(2026, 10, 22) };
  const scorer = createScorer({ resolver: resolverFromZone(zone), catalogue: await loadCatalogue(), clock });
  return {
    run: async (input) => {
      const { head, rest } = headAndRest(input);
      const session = sessions[head % sessions.length] ?? {};
      const one = await scorer.scoreMessage(rest, session);
      assertScore(one);
      assertPage(one, session);
      return outcomeOf(one);
    },
  };
}

const at = { remoteAddress: '192.0.2.1', helo: 'mx.shop.example' };
const sessions: readonly ScoreSession[] = [
  {},
  { ...at, mailFrom: 'a@shop.example', tls: '1.3', isBulk: true },
  { ...at, mailFrom: '', tls: 'none' },
];

function assertScore(one: MessageScore): void {
  const lost = one.deductions.reduce((sum, { tenths }) => sum + tenths, 0);
  assert.equal(one.tenths, Math.max(0, 100 - lost));
  for (const { gainTenths } of one.deductions) assert.ok(gainTenths >= 0);
  assert.equal(one.way.at(-1)?.to ?? one.score, 10);
  assert.ok(one.findings.length < 200, `${one.findings.length} findings`);
  for (const { meaning, evidence, fix } of one.findings) {
    assert.ok(meaning.length < 4_000, `a meaning of ${meaning.length} characters`);
    assert.ok(evidence.length < 60, `${evidence.length} pieces of evidence`);
    for (const { answer } of evidence) assert.ok(answer.length < 2_000, `evidence of ${answer.length} characters`);
    assert.ok((fix?.steps ?? []).every((step) => step.length < 4_000));
  }
  JSON.stringify(scoreDocument(one));
}

function assertPage(one: MessageScore, session: ScoreSession): void {
  const lines = scoreLines(one, { from: '\u001b[2J', subject: '\u202e', session }, plainStyle);
  for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  assert.ok(lines.length < 2_000, `${lines.length} lines`);
}

function outcomeOf({ tenths, findings, deductions }: MessageScore): Outcome {
  const failed = findings.filter(({ status }) => status === 'fail').map(({ id }) => id);
  return `${tenths} ${deductions.length} ${[...new Set(failed)].join(' ')}`;
}
