/**
 * SPF: records as text, and whole evaluations over zones of strangers. However records point at each other, the number of
 * lookups is bounded, and nothing that a stranger wrote comes out unprintable.
 */
import assert from 'node:assert/strict';
import { latin1 } from '../../../src/base/bytes.ts';
import type { Timers } from '../../../src/base/clock.ts';
import { parseQueryName } from '../../../src/format/domain-name.ts';
import { parseZoneText, type ZoneText } from '../../../src/format/zone-file.ts';
import type { Resolver } from '../../../src/protocol/dns/types.ts';
import { zoneResolver } from '../../../src/protocol/dns/zone-resolver.ts';
import { evaluateSpf } from '../../../src/protocol/spf/evaluate-spf.ts';
import { isSpfRecord, parseSpfRecord } from '../../../src/protocol/spf/record.ts';
import type { SpfSession } from '../../../src/protocol/spf/types.ts';
import { assertSentence } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

const terms = [
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
    ' mx:',
    ' ptr:',
    ' ip4:',
    ' ip6:',
    ' include:',
    ' exists:',
  ],
  ...[
    ' redirect=',
    ' exp=',
    ' unknown=%{d}',
    '192.0.2.0/24',
    '2001:db8::/32',
    '/24',
    '//64',
    '/24//64',
    '/33',
    '%{i}',
    '%{d2}',
    '%{l1r-}',
    '%{l-_-/}',
    '%{d+-,-/=}',
  ],
  ...[
    '%{p}',
    '%{S}',
    '%{h}',
    '%{c}',
    '%{t}',
    '%%',
    '%_',
    '%-',
    '%',
    '%{',
    '%{d999999999999999999999}',
    'example.com',
    'a.example.com',
    'b.test',
    ' ',
  ],
];

export const spfRecord: FuzzTarget = {
  name: 'spf-record',
  seeds: () => [
    'v=spf1 -all',
    'v=spf1 a mx:example.com/24 ip4:192.0.2.0/24 ip6:2001:db8::/32 include:_spf.example.com ~all',
    'v=spf1 exists:%{ir}.%{v}._spf.%{d2} redirect=%{l1r-}.%{o}.example.com exp=why.example.com x=%{h}',
    'v=spf1 a//64 a:x.example/24//64 ptr ptr:example.com ?all',
    'V=SPF1  +MX  -IP4:192.0.2.1 -ALL',
  ],
  dictionary: terms,
  separators: [' ', ':', '/', '%', '.'],
  open: () => ({ run: runRecord }),
};

export const spfEvaluate: FuzzTarget = {
  name: 'spf-evaluate',
  octetsMax: 16_384,
  seeds: () => [
    '192.0.2.1 mx.example.com ann@example.com\nexample.com. TXT "v=spf1 a mx include:a.example.com -all"\na.example.com. TXT "v=spf1 ip4:192.0.2.0/24"\n' +
      'example.com. MX 10 mx.example.com.\nmx.example.com. A 192.0.2.9\n',
    '2001:db8::1 h.test x@b.test\nb.test. TXT "v=spf1 exists:%{ir}.%{v}.%{d} redirect=c.b.test"\nc.b.test. TXT "v=spf1 ptr -all exp=e.b.test"\n' +
      'e.b.test. TXT "no %{s} from %{c} at %{t} by %{r}"\n',
    '192.0.2.1 loop.test x@loop.test\nloop.test. TXT "v=spf1 include:loop.test redirect=loop.test"\n',
    `192.0.2.1 m.test x@m.test\nm.test. TXT "v=spf1 mx mx mx mx mx -all"\n${Array.from({ length: 10 }, (_, i) => `m.test. MX ${i} m${i}.m.test.\n`).join('')}`,
    '192.0.2.1 p.test x@p.test\np.test. TXT "v=spf1 ptr:%{p} exists:%{p}.x -all"\n1.2.0.192.in-addr.arpa. PTR a.p.test.\n1.2.0.192.in-addr.arpa. PTR b.p.test.\n' +
      'a.p.test. A 192.0.2.1\n',
    '192.0.2.1 v.test x@v.test\nv.test. TXT "v=spf1 a:1.v.test a:2.v.test a:3.v.test -all"\n;!SERVFAIL 1.v.test.\n;!TIMEOUT 2.v.test.\n',
    '192.0.2.1 . \nexample.com. TXT "v=spf1"\n',
  ],
  dictionary: [
    ...terms,
    '\n',
    ' TXT "',
    '"',
    ' A 192.0.2.1',
    ' MX 1 ',
    ' PTR ',
    ' CNAME ',
    'example.com.',
    '1.2.0.192.in-addr.arpa.',
    ';!SERVFAIL ',
    '*.',
    'ü',
    '"q\\"@',
  ],
  separators: ['\n', ' ', '.', '"'],
  open: () => ({ run: runEvaluate }),
};

function runRecord(input: Uint8Array): Outcome {
  const text = latin1(input);
  const record = parseSpfRecord(text);
  if (!record.ok) {
    assertSentence(record.say, 400);
    return record.say.replace(/^"[^"]*"/, '').slice(0, 40);
  }
  assert.ok(isSpfRecord(text));
  const { directives, redirect, exp, unknown, hasAll } = record.value;
  for (const one of directives) {
    if ('prefix' in one) assert.ok(one.prefix >= 0 && one.prefix <= one.octets.length * 8);
    if ('prefix4' in one) assert.ok(one.prefix4 <= 32 && one.prefix6 <= 128);
    if (
      'target' in one &&
      one.target?.fixed !== undefined &&
      one.target.fixed !== 'unfit' &&
      !one.target.fixed.includes(' ')
    ) {
      assert.equal(parseQueryName(one.target.fixed), one.target.fixed);
    }
  }
  const parts = [...directives.map((one) => one.text), redirect?.text, exp?.text, ...unknown].filter(
    (part) => part !== undefined,
  );
  const again = parseSpfRecord(`v=spf1 ${parts.join(' ')}`);
  assert.ok(again.ok, 'its own terms are no record');
  assert.deepEqual(again.value.directives, directives);
  return `${[...new Set(directives.map(({ kind }) => kind))].sort().slice(0, 5)} ${hasAll} ${redirect !== undefined} ${exp !== undefined}`;
}

/** Nobody waits here. */
const timers: Timers = {
  nowMs: () => 1_700_000_000_000,
  monotonicMs: () => 0,
  sleep: async () => {},
  after: () => () => {},
};

/** RFC 7208 §4.6.4: ten terms; an MX term asks for ten hosts' addresses, `ptr` and `%{p}` once for ten names'; the record, `exp`. */
const queriesMax = 2 + 10 * (1 + 10) + (1 + 10);

async function runEvaluate(input: Uint8Array): Promise<Outcome> {
  const [session, zone] = read(latin1(input));
  let queries = 0;
  const inner = zoneResolver([zone]);
  const resolver: Resolver = {
    lookup: (name, type, options) => {
      queries++;
      assert.ok(name.length <= 253 && !/[\x00-\x1f\x7f-\xff]/.test(name), `a query for ${JSON.stringify(name)}`);
      return inner.lookup(name, type, options);
    },
  };
  const result = await evaluateSpf(resolver, session, { timers, clock: timers });
  assert.ok(queries <= queriesMax, `${queries} queries`);
  assert.ok(result.lookups <= 11 && result.voidLookups <= 3);
  assert.match(result.domain, /^[a-z0-9._:[\]-]{0,253}$/);
  assert.ok(result.trace.length <= 501);
  for (const line of result.trace) assert.match(line, /^[\x20-\x7e]{0,450}$/);
  assert.ok(result.explanation === undefined || /^[\x20-\x7e]{1,1000}$/.test(result.explanation));
  return `${result.result} ${result.reason} ${Math.min(result.lookups, 11)} ${result.matched?.slice(0, 4)} ${result.explanation !== undefined}`;
}

/** First line: address, HELO, MAIL FROM. Then zone text, of which lines that are none are left out. */
function read(text: string): [SpfSession, ZoneText] {
  const [first = '', ...lines] = text.split('\n');
  const [remoteAddress = '', helo = '', ...sender] = first.split(' ');
  const zones = lines.slice(0, 200).map((line) => parseZoneText(line));
  const all = zones.flatMap((zone) => (zone.ok ? [zone.value] : []));
  const merged = {
    records: all.flatMap((zone) => zone.records),
    unread: all.flatMap((zone) => zone.unread),
    failing: all.flatMap((zone) => zone.failing),
  };
  return [{ remoteAddress, helo, mailFrom: sender.join(' '), receiver: 'mx.example.net' }, merged];
}
