/**
 * What every adapter of the `ZoneEditor` port promises. An adapter's test calls this with ways to open a zone at its host:
 * a real server, a replay of a provider's answers, a file.
 */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { type DomainName, parseDomainName } from '../../src/format/domain-name.ts';
import type { RecordChange, RecordSet, SetupType, ZoneEditorRefusal } from '../../src/services/setup/types.ts';
import type { ZoneContents, ZoneEditor } from '../../src/services/setup/zone-editor.ts';

export const contractZone = domain('posthorn.example');
/** What a zone of the contract has at its apex, and what `read` names as authoritative servers. */
export const contractNameServers = ['ns1.host.example', 'ns2.host.example'] as const;

export type ZoneUnderTest = {
  readonly editor: ZoneEditor;
  /** Somebody else changes the zone, past the editor; no `values`: the set goes. */
  readonly meddle: (set: RecordSet) => Promise<void>;
  /** All that the host holds and an editor does not show: records of other types, SOA but for its serial, comments, settings. */
  readonly foreign: () => Promise<unknown>;
};

export type HostTrouble = 'denied' | 'limited' | 'broken' | 'half' | 'hangs';

const codeOfTrouble: Readonly<Record<HostTrouble, ZoneEditorRefusal>> = {
  denied: 'bad-credentials', // 401, 403, BADSIG
  limited: 'rate-limited', // 429
  broken: 'unavailable', // 500, connection cut
  half: 'unavailable', // an answer that ends in the middle
  hangs: 'unavailable', // no answer
};

export type ZoneEditorContract = {
  /** The zone with its name servers, `sets`, and at least one record of a type that editors do not show. */
  readonly open: (t: TestContext, sets: readonly RecordSet[]) => Promise<ZoneUnderTest>;
  /**
   * The same, and from now on the host answers the editor like this, reading and writing; `meddle` and `foreign` still work. `calm`
   * ends it. A host that cannot be had this way has no such member; `troubles` names those that it can have.
   */
  readonly openTroubled?: (
    t: TestContext,
    sets: readonly RecordSet[],
    trouble: HostTrouble,
  ) => Promise<ZoneUnderTest & { readonly calm: () => void }>;
  readonly troubles?: readonly HostTrouble[];
  /** The key or token the editor was given: no sentence may hold it. */
  readonly secret?: string;
  /** Values that this host cannot hold: it says so with `not-supported`, and holds nothing in their place. */
  readonly cannotHold?: (type: SetupType, value: string) => boolean;
};

const mail = `mail.${contractZone}`;
const spf = set(contractZone, 'TXT', ['v=spf1 include:_spf.host.example -all']);
const apexTexts = set(contractZone, 'TXT', [...spf.values, 'verification=a b; "c"']);
const exchangers = set(contractZone, 'MX', [`10 mx1.${contractZone}`, '20 mx2.host.example']);
const alias = set(`www.${contractZone}`, 'CNAME', ['pages.host.example']);
const wildcard = set(`*.${contractZone}`, 'A', ['192.0.2.80']);
const address = set(mail, 'A', ['192.0.2.25', '192.0.2.26']);
const usual = [apexTexts, exchangers, alias, wildcard, address] as const;

export function zoneEditorContract(contract: ZoneEditorContract): void {
  describeReading(contract);
  describeChanging(contract);
  describeTexts(contract);
  describeComparing(contract);
  describeTrouble(contract);
}

function describeReading({ open }: ZoneEditorContract): void {
  test('reading shows every set as it is, its name servers, and nothing else', async (t) => {
    const { editor } = await open(t, usual);
    const contents = await readZone(editor);
    assert.equal(contents.zone, contractZone);
    assert.deepEqual(sorted(contents.nameServers), sorted(contractNameServers));
    const own = contents.sets.filter(({ type }) => type !== 'NS');
    assert.deepEqual(normal(own), normal(usual));
  });

  test('a name below lies in the zone; a name elsewhere in none', async (t) => {
    const { editor } = await open(t, usual);
    const below = await editor.read(domain(`a.b.${contractZone}`));
    assert.ok(below.ok, below.ok ? '' : below.say);
    assert.equal(below.value.zone, contractZone);
    for (const name of ['elsewhere.example', `not${contractZone}`])
      assert.partialDeepStrictEqual(await editor.read(domain(name)), { ok: false, code: 'no-such-zone' });
  });

  test('a zone of several pages is read whole', async (t) => {
    const many = Array.from({ length: 230 }, (_, nth) => set(`s${nth}.${contractZone}`, 'TXT', [`number ${nth}`]));
    const { editor } = await open(t, many);
    const { sets } = await readZone(editor);
    assert.deepEqual(normal(sets.filter(({ type }) => type === 'TXT')), normal(many));
  });
}

function describeChanging({ open }: ZoneEditorContract): void {
  test('sets are added, changed and deleted in one go, and nothing else is touched', async (t) => {
    const { editor, foreign } = await open(t, usual);
    const before = await foreign();
    const added = set(`_dmarc.${contractZone}`, 'TXT', ['v=DMARC1; p=none; rua=mailto:d@posthorn.example']);
    const changed = set(contractZone, 'MX', [`5 mx3.${contractZone}`]);
    await change(editor, [
      [undefined, added],
      [exchangers, changed],
      [address, undefined],
    ]);
    const { sets } = await readZone(editor);
    const own = sets.filter(({ type }) => type !== 'NS');
    assert.deepEqual(normal(own), normal([apexTexts, alias, wildcard, added, changed]));
    assert.deepEqual(await foreign(), before);
  });

  const additions: readonly (readonly [string, RecordSet])[] = [
    ['an alias', set(`s1._domainkey.${contractZone}`, 'CNAME', ['s1.dkim.host.example'])],
    ['an alias for all names below one', set(`*.track.${contractZone}`, 'CNAME', ['track.host.example'])],
    ['an address of version 6', set(mail, 'AAAA', ['2001:db8::25'])],
    ['a service', set(`_submission._tcp.${contractZone}`, 'SRV', [`0 1 587 ${mail}`])],
    ['an authority that may issue', set(contractZone, 'CAA', ['0 issue "ca.example"', '0 iodef "mailto:a@b.example"'])],
    ['a certificate', set(`_25._tcp.${mail}`, 'TLSA', [`3 1 1 ${'0123456789abcdef'.repeat(4)}`])],
    ['a delegation', set(`_eml.${contractZone}`, 'NS', ['ns.posthorn.test', 'ns2.posthorn.test'])],
  ];
  test('records of all types are added and taken away again, or refused', async (t) => {
    const { editor } = await open(t, usual);
    const before = normal((await readZone(editor)).sets);
    for (const [what, added] of additions) {
      await t.test(what, async () => {
        const result = await editor.apply(contractZone, [changeOf(undefined, added)]);
        if (result.ok) {
          assert.deepEqual(find(await readZone(editor), added), normal([added])[0]);
          await change(editor, [[added, undefined]]);
        } else assert.partialDeepStrictEqual(result, { code: 'not-supported', done: 0 });
        assert.deepEqual(normal((await readZone(editor)).sets), before);
      });
    }
  });

  test('a time to live is changed, the values stay', async (t) => {
    const { editor } = await open(t, usual);
    const shorter = { ...spf, ttl: 600, values: apexTexts.values };
    await change(editor, [[apexTexts, shorter]]);
    assert.deepEqual(find(await readZone(editor), shorter), normal([shorter])[0]);
  });

  test('one text of several goes and another comes, the others stay', async (t) => {
    const { editor } = await open(t, usual);
    const merged = set(contractZone, 'TXT', [
      ...apexTexts.values.slice(1),
      'v=spf1 include:a.example include:b.example -all',
    ]);
    await change(editor, [[apexTexts, merged]]);
    assert.deepEqual(find(await readZone(editor), merged), normal([merged])[0]);
  });

  test('an alias takes the place of a text, and the other way round', async (t) => {
    const { editor } = await open(t, []);
    const name = `s2._domainkey.${contractZone}`;
    const [text, target] = [set(name, 'TXT', ['v=DKIM1; p=']), set(name, 'CNAME', ['s2.dkim.host.example'])];
    await change(editor, [[undefined, text]]);
    await change(editor, [
      [text, undefined],
      [undefined, target],
    ]);
    assert.deepEqual(at(await readZone(editor), name), [target]);
    await change(editor, [
      [target, undefined],
      [undefined, text],
    ]);
    assert.deepEqual(at(await readZone(editor), name), [text]);
  });

  test('no change is no work', async (t) => {
    const { editor } = await open(t, usual);
    assert.deepEqual(await editor.apply(contractZone, []), { ok: true, done: 0 });
  });

  test('a zone that is not there takes no change', async (t) => {
    const { editor } = await open(t, usual);
    const other = set('elsewhere.example', 'TXT', ['x']);
    const result = await editor.apply(domain('elsewhere.example'), [changeOf(undefined, other)]);
    assert.partialDeepStrictEqual(result, { ok: false, code: 'no-such-zone', done: 0 });
  });

  test('many changes at once all arrive', async (t) => {
    const { editor } = await open(t, usual);
    const many = Array.from({ length: 40 }, (_, nth) => set(`k${nth}._domainkey.${contractZone}`, 'TXT', [`p=${nth}`]));
    await change(
      editor,
      many.map((one) => [undefined, one] as const),
    );
    const contents = await readZone(editor);
    for (const one of many) assert.deepEqual(find(contents, one), one);
    await change(
      editor,
      many.map((one) => [one, undefined] as const),
    );
    assert.deepEqual(normal((await readZone(editor)).sets.filter(({ type }) => type !== 'NS')), normal(usual));
  });
}

const texts: readonly (readonly [string, string])[] = [
  ['of one character', 'x'],
  ['with blanks at both ends', ' a  b '],
  ['with quotation marks', 'say "no" to \'it\' and ""'],
  ['with backslashes', 'a\\b \\" \\\\ \\123 \\; c\\'],
  ['with semicolons and other marks of zone text', 'v=DKIM1; k=rsa; (p=@$ORIGIN) ; comment'],
  ['that looks quoted', '"quoted"'],
  ['that looks like two strings', 'one" "two'],
  ['of 255 octets', 'a'.repeat(255)],
  ['of 256 octets', `${'b'.repeat(255)}c`],
  ['of a long key', `v=DKIM1; k=rsa; p=${'MIIBIjANBgkq/+0'.repeat(28)}==`],
  ['of 1,000 octets with a quotation mark where strings meet', `${'d'.repeat(254)}"\\${'e'.repeat(744)}`],
  ['with octets above 127', Buffer.from('grüße ✉', 'utf8').toString('latin1')],
  ['with octets that are no UTF-8', 'a\xff\x80b'],
  ['with control octets', 'tab\there \x01\x7f'],
];

function describeTexts({ open, cannotHold }: ZoneEditorContract): void {
  test('a text comes back octet by octet, or is refused', async (t) => {
    const { editor } = await open(t, usual);
    for (const [nth, [what, value]] of texts.entries()) {
      await t.test(what, async () => {
        const one = set(`text-${nth}.${contractZone}`, 'TXT', [value, 'another']);
        const result = await editor.apply(contractZone, [changeOf(undefined, one)]);
        if (cannotHold?.('TXT', value)) {
          assert.partialDeepStrictEqual(result, { ok: false, code: 'not-supported', done: 0 });
          assert.deepEqual(at(await readZone(editor), one.name), []);
          return;
        }
        assert.deepEqual(result, { ok: true, done: 1 });
        assert.deepEqual(find(await readZone(editor), one), normal([one])[0]);
        const onlyOther = { ...one, values: ['another'] };
        await change(editor, [[one, onlyOther]]);
        assert.deepEqual(find(await readZone(editor), one), onlyOther);
      });
    }
  });
}

function describeComparing({ open }: ZoneEditorContract): void {
  const wanted = set(contractZone, 'TXT', ['v=spf1 include:ours.example -all']);
  const theirs = set(contractZone, 'TXT', ['v=spf1 include:theirs.example -all']);

  test('what somebody else changed meanwhile is not overwritten', async (t) => {
    const { editor, meddle } = await open(t, [spf]);
    await meddle(theirs);
    const result = await editor.apply(contractZone, [changeOf(spf, wanted)]);
    assert.partialDeepStrictEqual(result, { ok: false, code: 'changed-meanwhile', done: 0 });
    assert.deepEqual(find(await readZone(editor), spf), theirs);
  });

  test('what somebody else added to a set is not lost', async (t) => {
    const { editor, meddle } = await open(t, [spf]);
    const both = { ...spf, values: [...spf.values, 'verification=new'] };
    await meddle(both);
    const result = await editor.apply(contractZone, [changeOf(spf, wanted)]);
    assert.partialDeepStrictEqual(result, { ok: false, code: 'changed-meanwhile', done: 0 });
    assert.deepEqual(find(await readZone(editor), spf), normal([both])[0]);
  });

  test('what somebody else made meanwhile is not overwritten', async (t) => {
    const { editor, meddle } = await open(t, []);
    await meddle(theirs);
    const result = await editor.apply(contractZone, [changeOf(undefined, wanted)]);
    assert.partialDeepStrictEqual(result, { ok: false, code: 'changed-meanwhile', done: 0 });
    assert.deepEqual(find(await readZone(editor), wanted), theirs);
  });

  test('what somebody else deleted meanwhile does not come back', async (t) => {
    const { editor, meddle } = await open(t, [spf, address]);
    await meddle({ ...spf, values: [] });
    for (const after of [wanted, undefined]) {
      const result = await editor.apply(contractZone, [changeOf(spf, after)]);
      assert.partialDeepStrictEqual(result, { ok: false, code: 'changed-meanwhile', done: 0 });
    }
    assert.equal(find(await readZone(editor), spf), undefined);
  });

  test('of the changes before one that is refused all are made or none, as the host is able to', async (t) => {
    const { editor, meddle } = await open(t, [spf, address]);
    await meddle(theirs);
    const first = set(`_dmarc.${contractZone}`, 'TXT', ['v=DMARC1; p=none']);
    const result = await editor.apply(contractZone, [changeOf(undefined, first), changeOf(spf, wanted)]);
    assert.partialDeepStrictEqual(result, { ok: false, code: 'changed-meanwhile' });
    if (editor.ability.atomic) assert.equal(result.done, 0);
    const contents = await readZone(editor);
    assert.deepEqual(find(contents, first), result.done === 0 ? undefined : first);
    assert.deepEqual(find(contents, spf), theirs);
  });
}

function describeTrouble({ openTroubled, troubles = [], secret }: ZoneEditorContract): void {
  for (const trouble of openTroubled === undefined ? [] : troubles) {
    test(`a host that is ${trouble}: refused in its own word, nothing changed, no secret told`, async (t) => {
      const { editor, calm } = (await openTroubled?.(t, usual, trouble)) ?? assert.fail();
      const wait = () => ({ signal: AbortSignal.timeout(trouble === 'hangs' ? 50 : 10_000) });
      const code = codeOfTrouble[trouble];
      const seen = await editor.read(contractZone, wait());
      assert.partialDeepStrictEqual(seen, { ok: false, code });
      const added = set(`_dmarc.${contractZone}`, 'TXT', ['v=DMARC1; p=none']);
      const result = await editor.apply(contractZone, [changeOf(undefined, added)], wait());
      assert.partialDeepStrictEqual(result, { ok: false, code, done: 0 });
      for (const said of [seen, result]) assert.ok(secret === undefined || !JSON.stringify(said).includes(secret));
      calm();
      const own = (await readZone(editor)).sets.filter(({ type }) => type !== 'NS');
      assert.deepEqual(normal(own), normal(usual));
    });
  }
}

// ---- words of the contract

export function domain(text: string): DomainName {
  return parseDomainName(text) ?? assert.fail(`${text} is no domain`);
}

export function set(name: string, type: SetupType, values: readonly string[], ttl = 3600): RecordSet {
  return { name, type, ttl, values };
}

export function changeOf(before: RecordSet | undefined, after: RecordSet | undefined): RecordChange {
  const { name, type } = before ?? after ?? assert.fail('a change has a name');
  return { name, type, ...(before ? { before } : {}), ...(after ? { after } : {}) };
}

async function readZone(editor: ZoneEditor): Promise<ZoneContents> {
  const read = await editor.read(contractZone);
  assert.ok(read.ok, read.ok ? '' : `${read.code}: ${read.say}`);
  return read.value;
}

type Pair = readonly [before: RecordSet | undefined, after: RecordSet | undefined];

async function change(editor: ZoneEditor, pairs: readonly Pair[]): Promise<void> {
  const result = await editor.apply(
    contractZone,
    pairs.map(([before, after]) => changeOf(before, after)),
  );
  assert.deepEqual(result, { ok: true, done: pairs.length });
}

function sorted(texts: readonly string[]): string[] {
  return [...texts].sort();
}

/** The order of sets, and of values within one, means nothing. */
function normal(sets: readonly RecordSet[]): RecordSet[] {
  return sets
    .map((one) => ({ ...one, values: sorted(one.values) }))
    .sort((one, other) => (`${one.name} ${one.type}` < `${other.name} ${other.type}` ? -1 : 1));
}

function find({ sets }: ZoneContents, like: RecordSet): RecordSet | undefined {
  return normal(sets).find(({ name, type }) => name === like.name && type === like.type);
}

function at({ sets }: ZoneContents, name: string): RecordSet[] {
  return normal(sets).filter((one) => one.name === name);
}
