/**
 * The SPF compiler over what stands in zones of strangers and what senders want: one readable record or none, nothing lost without a word,
 * and the same once more.
 */
import assert from 'node:assert/strict';
import { latin1 } from '../../../src/base/bytes.ts';
import type { DomainName } from '../../../src/format/domain-name.ts';
import { parseZoneText, type ZoneText } from '../../../src/format/zone-file.ts';
import { zoneResolver } from '../../../src/protocol/dns/zone-resolver.ts';
import { parseSpfRecord } from '../../../src/protocol/spf/record.ts';
import { createSpfCompiler } from '../../../src/services/setup/spf-compiler/compile-spf.ts';
import { gatherSpfFacts } from '../../../src/services/setup/spf-compiler/gather-facts.ts';
import { written } from '../../../src/services/setup/spf-compiler/merge-terms.ts';
import { looksLikeSpf, readTerms } from '../../../src/services/setup/spf-compiler/read-terms.ts';
import type { SpfProposal, SpfRequest, SpfWish } from '../../../src/services/setup/spf-compiler/types.ts';
import { isOneLine } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

/** `=` what stands at a.test, `+` what one sender wants, `-` one that cannot align with what it claims, else zone text. */
export const spfCompiler: FuzzTarget = {
  name: 'spf-compiler',
  octetsMax: 16_384,
  msMax: 100, // the zone is read, and everything compiled twice
  seeds: () => [
    '=v=spf1 mx include:b.test -all\n=x\n+include:c.test\nb.test. TXT "v=spf1 ip4:192.0.2.0/24 ~all"\nc.test. TXT "v=spf1 ip4:198.51.100.1 ~all"\na.test. MX 1 a.test.\na.test. A 192.0.2.1\n',
    '=v=spf1 a ~all include:b.test\n=v=spf1 redirect=c.test exp=why.test x=y\n-.b.test\nc.test. TXT "v=spf1 include:c.test ?all"\n',
    '="v=spf1 inclde:b.test ip4:300.1.1.1 a:192.0.2.1 -all"\n+ip4:10.0.0.0/8 ip4:10.1.1.1 ?ip6:2001:db8::/32\n',
    `=v=spf1 -ip4:10.0.0.1 ip4:10.0.0.0/24 +all\n${Array.from({ length: 12 }, (_, at) => `+include:p${at}.test\np${at}.test. TXT "v=spf1 ip4:10.${at}.0.0/24 -all"\n`).join('')}`,
    '+a:1.test a:2.test a:3.test exists:%{ir}.%{v}.b.test ptr\n;!SERVFAIL 1.test.\n;!TIMEOUT 2.test.\n',
    '=v=spf1 include:_spf1.a.test -all\n+include:b.test\n_spf1.a.test. TXT "v=spf1 ip4:10.0.0.0/8 -all"\nb.test. TXT "v=spf1 ip4:10.1.0.0/16 -all"\n',
    '=v=spf1 -all\n+\n',
  ],
  dictionary: [
    ...[
      'v=spf1 ',
      '-all',
      '~all',
      '?all',
      '+all',
      ' a',
      ' mx',
      ' ptr',
      ' a:',
      ' include:',
      ' exists:',
      ' ip4:',
      ' ip6:',
      ' redirect=',
      ' exp=',
    ],
    ...[
      '10.0.0.0/8',
      '10.1.1.1',
      '2001:db8::/32',
      '/24',
      '//64',
      '%{i}',
      '%{ir}.%{v}',
      '%{D}',
      'a.test',
      'b.test',
      '_spf1.a.test',
      '\n=',
      '\n+',
      '\n-',
      '.b.test',
    ],
    ...['b.test. TXT "v=spf1 ', '"\n', ';!SERVFAIL b.test.\n', '\u201c', '"'],
  ],
  separators: ['\n', ' ', ':', '/', '%'],
  open: () => {
    const compiler = createSpfCompiler();
    return { run: (input) => run(latin1(input), compiler) };
  },
};

const name = 'a.test' as DomainName;

async function run(text: string, compiler: ReturnType<typeof createSpfCompiler>): Promise<Outcome> {
  const { request, zone } = read(text);
  const texts = [...request.present, ...request.wanted.flatMap(({ terms }) => terms)];
  const facts = await gatherSpfFacts(zoneResolver([zone]), { name, texts, ownRecord: true });
  const made = compiler.compile(facts, request);
  holds(made, request);
  if (made.record !== undefined && !request.silent) {
    const again = compiler.compile(facts, { ...request, present: [made.record] });
    assert.deepEqual([again.record, again.isPresent], [made.record, true]);
  }
  const codes = [...new Set(made.problems.map(({ code }) => code))].sort();
  return `${made.isFit} ${made.dropped.length > 0} ${made.remedies.map(({ kind }) => kind)} ${codes}`;
}

function holds(made: SpfProposal, request: SpfRequest): void {
  const { record, problems, dropped, remedies } = made;
  for (const one of [record, ...remedies.map((remedy) => remedy.record)])
    assert.ok(one === undefined || parseSpfRecord(one).ok, String(one));
  for (const { say, fix = '', where } of problems) {
    assert.ok(isOneLine(say) && isOneLine(fix), say);
    assert.ok(
      where === undefined || (where.at >= 0 && where.length > 0 && where.at + where.length <= where.text.length),
    );
  }
  assert.ok(made.lookups <= 999 && made.proof.tried <= 201);
  if (record === undefined) {
    assert.ok(!made.isFit || !request.present.some(looksLikeSpf));
    return;
  }
  const after = readTerms(record);
  const kept = new Set([...after.terms, ...after.behind].map(({ text }) => text));
  const gone = new Set(dropped.map(({ term }) => term.replace(/^[-~?]/, ''))); // the milder of two words for it may have gone
  for (const one of request.present.filter(looksLikeSpf).map(readTerms))
    for (const term of [...one.terms, ...one.behind]) {
      const own = term.text.replace(/^(a|mx|ptr):a\.test(?=\/|$)/, '$1'); // the same by another name
      assert.ok(kept.has(own) || gone.has(own), `${written(term)} is lost: ${record}`);
    }
}

function read(text: string): { readonly request: SpfRequest; readonly zone: ZoneText } {
  const lines = text.split('\n').slice(0, 200);
  const after = (mark: string) => lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(1));
  const wanted = [
    ...after('+').map(
      (line, at): SpfWish => ({ sender: `s${at}`, terms: line.split(' '), aligns: 'yes', addresses: ['192.0.2.1'] }),
    ),
    ...after('-').map((line, at): SpfWish => ({ sender: `u${at}`, terms: [], aligns: 'no', claims: [line] })),
  ];
  const zones = lines.filter((line) => !/^[-=+]/.test(line)).map((line) => parseZoneText(line));
  const all = zones.flatMap((zone) => (zone.ok ? [zone.value] : []));
  const zone = {
    records: all.flatMap((one) => one.records),
    unread: all.flatMap((one) => one.unread),
    failing: all.flatMap((one) => one.failing),
  };
  return { request: { name, present: after('='), wanted }, zone };
}
