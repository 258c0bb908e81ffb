/** DMARC: records as text, and verdicts by records of strangers: few queries, and a policy only for who asks for it. */
import assert from 'node:assert/strict';
import { latin1 } from '../../../src/base/bytes.ts';
import { parseFromFields } from '../../../src/format/address.ts';
import { parseDomainName } from '../../../src/format/domain-name.ts';
import { evaluateDmarc } from '../../../src/protocol/dmarc/evaluate-dmarc.ts';
import { isDmarcRecord, parseDmarcRecord } from '../../../src/protocol/dmarc/record.ts';
import type { Resolver } from '../../../src/protocol/dns/types.ts';
import { assertMailbox, assertSentence } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

export const dmarc: FuzzTarget = {
  name: 'dmarc',
  seeds: () => [
    'v=DMARC1; p=reject; sp=quarantine; np=none; adkim=s; aspf=s; rua=mailto:a@example.com; ruf=mailto:b@example.net!10m; fo=1:d:s; t=y',
    'v=DMARC1;p=none\nv=DMARC1; p=reject; psd=y',
    'v=DMARC1; rua=mailto:a%40b@example.com,https://x.example/y,mailto:jörg@grüße.example\nv=DMARC1; psd=n; p=quarantine',
    'V = DMARC1 ; P=none; pct=50; rf=afrf; ri=1; x=y',
    'v=DMARC1; p=bogus; rua=mailto:a@example.com',
    'v=spf1 -all\n\nv=DMARC1; p=reject\nv=DMARC1; p=none',
  ],
  dictionary: [
    ...[
      'v=DMARC1',
      ';',
      'p=',
      'sp=',
      'np=',
      'reject',
      'quarantine',
      'none',
      'adkim=s',
      'aspf=r',
      'psd=y',
      'psd=n',
      't=y',
      'rua=',
      'mailto:',
    ],
    ...[
      'mailto:a@example.com',
      ',',
      '!10m',
      '%',
      '%40',
      '%00',
      '%0a',
      'fo=0:1',
      ':',
      'pct=0',
      '\n',
      ' ',
      '\t',
      '=',
      'p=none; p=none',
      '?subject=x',
    ],
  ],
  separators: [';', '=', ',', '\n', ':'],
  open: () => ({ run }),
};

/** Line by line the records at `_dmarc.` of the author's domain and those above it. */
async function run(input: Uint8Array): Promise<Outcome> {
  const lines = latin1(input).split('\n').slice(0, 12);
  const read = lines.map(runRecord).slice(0, 2).join(' ');
  let queries = 0;
  const resolver: Resolver = {
    lookup: async (_name, type) => {
      const text = lines[queries++];
      if (type !== 'TXT' || text === undefined) return { kind: 'none', why: 'nxdomain', ttlSeconds: 0, secure: false };
      if (text === '') return { kind: 'failed', why: 'servfail' };
      return { kind: 'found', records: [text as never], ttlSeconds: 0, secure: false };
    },
  };
  const author = parseFromFields([Buffer.from('ann@a.b.c.d.e.f.g.h.i.example.com')]);
  const spf = { result: 'pass', domain: 'mail.example.com' } as const;
  const domain = parseDomainName('b.c.d.e.f.g.h.i.example.com') ?? '';
  const verdict = await evaluateDmarc(resolver, { author, spf, dkim: [{ result: 'pass', domain }] });
  assert.ok(queries <= 2 + 3 * 8, `${queries} queries`);
  assert.ok((verdict.discoveryQueries ?? 0) <= 8); // RFC 9989 §4.10
  for (const line of verdict.trace) assertSentence(line, 500);
  assert.ok(verdict.result === 'fail' || verdict.applied === 'none', 'a policy for a message that did not fail');
  assert.ok(verdict.result !== 'pass' || verdict.spfAligned || verdict.dkimAligned);
  return `${read} ${verdict.result} ${verdict.applied} ${verdict.spfAligned} ${verdict.dkimAligned} ${verdict.policy}`;
}

function runRecord(text: string): string {
  const record = parseDmarcRecord(text);
  if (!record.ok) {
    assertSentence(record.say);
    assert.equal(record.code === 'not-dmarc', !isDmarcRecord(text));
    return record.code;
  }
  const { rua, ruf, remarks, obsolete, fo, usable, p } = record.value;
  assert.ok(rua.length <= 10 && ruf.length <= 10);
  for (const { uri, mailbox } of [...rua, ...ruf]) {
    assert.match(uri, /^[\x21-\x7e]+$/);
    if (mailbox) assertMailbox(mailbox);
  }
  for (const remark of [...remarks, ...obsolete]) assertSentence(remark);
  assert.ok(fo.length >= 1 && (usable !== 'yes' || p !== undefined));
  return `${usable} ${p} ${Math.min(rua.length, 2)} ${Math.min(remarks.length, 2)}`;
}
