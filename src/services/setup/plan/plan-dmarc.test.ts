import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codes, planned, realCatalogue, recordTable, type Wish } from '../../../../test/support/planning.ts';
import { systemClock } from '../../../base/clock.ts';
import { parseDmarcRecord } from '../../../protocol/dmarc/record.ts';
import { resolverFromZone } from '../../../protocol/dns/zone-resolver.ts';
import { makeCatalogue } from '../catalogue/catalogue.ts';
import { Setup } from '../setup.ts';
import { dmarcStages } from '../types.ts';
import { stageOf } from './dmarc-ladder.ts';
import { draftOf, draftText, raised, unitedText } from './merge-dmarc.ts';

/** The DMARC part of the plan for a zone with these texts at `_dmarc`, in one line; then the codes of all that is said. */
async function dmarc(texts: readonly string[], wish: Wish = {}, more = '') {
  const zone = texts.map((text) => `_dmarc.example.com TXT "${text}"`).join('\n');
  const { plan } = await planned(`${zone}\n${more}`, wish);
  const [line = 'nothing'] = recordTable(plan).filter((one) => one.includes(' _dmarc.example.com '));
  return {
    line: line.replace(' _dmarc.example.com TXT', ''),
    conflicts: codes(plan.conflicts),
    notes: codes(plan.notes).filter((code) => code !== 'no-inbound'),
    dropped: plan.dropped.map(({ term }) => term),
    plan,
  };
}

test('the ladder, step by step, in both dialects', async () => {
  const at = async (stage: string) => (await dmarc([], { dmarc: { stage, rua: 'd@example.com' } })).line;
  const rua = 'rua=mailto:d@example.com';
  assert.deepEqual(await Promise.all(dmarcStages.map(at)), [
    `missing v=DMARC1; p=none; ${rua}`,
    `missing v=DMARC1; p=none; np=reject; ${rua}`,
    `missing v=DMARC1; p=quarantine; np=reject; t=y; pct=0; ${rua}`,
    `missing v=DMARC1; p=quarantine; np=reject; ${rua}`,
    `missing v=DMARC1; p=reject; np=reject; t=y; pct=0; ${rua}`,
    `missing v=DMARC1; p=reject; sp=reject; np=reject; ${rua}`,
  ]);
});

test('each stage is read back as itself, and going up never takes back what is there', () => {
  for (const [at, stage] of dmarcStages.entries()) {
    const { draft } = raised(undefined, stage, {});
    const record = parseDmarcRecord(draftText(draft));
    assert.ok(record.ok);
    assert.equal(stageOf(record.value), stage);
    for (const higher of dmarcStages.slice(at))
      assert.equal(raised(draft, higher, {}).isHeld, false, `${stage} ${higher}`);
    for (const lower of dmarcStages.slice(0, at))
      assert.equal(raised(draft, lower, {}).isHeld, true, `${stage} ${lower}`);
  }
});

test('somebody else’s p=reject stays, whatever is wished; weaker only by a person’s word', async () => {
  const there = 'v=DMARC1; p=reject; rua=mailto:agg@example.com; fo=1; adkim=s';
  assert.equal((await dmarc([there])).line, `present ${there}`);
  const held = await dmarc([there], { dmarc: { stage: 'none' } });
  assert.equal(held.line, `present ${there}`);
  assert.deepEqual(held.conflicts, ['dmarc-weaker']);
  const loosened = await dmarc([there], { dmarc: { stage: 'quarantine', loosen: true } });
  assert.equal(
    loosened.line,
    `wrong v=DMARC1; p=quarantine; np=reject; fo=1; adkim=s; rua=mailto:agg@example.com <- ${there}`,
  );
  assert.deepEqual(loosened.conflicts, []);
});

test('exceptions for sub-domains stay on the way up, until the last stage takes them in', async () => {
  const there = 'v=DMARC1; p=none; sp=none; np=none';
  assert.equal((await dmarc([there])).line, `present ${there}`);
  const up = async (stage: string) => (await dmarc([there], { dmarc: { stage } })).line.split(' <- ')[0];
  assert.equal(await up('quarantine'), 'wrong v=DMARC1; p=quarantine; sp=none; np=reject');
  assert.equal(await up('reject'), 'wrong v=DMARC1; p=reject; sp=reject; np=reject');
});

test('report addresses are united, those there first, none twice', async () => {
  const { line } = await dmarc(['v=DMARC1; p=none; rua=mailto:A@example.com,https://x.test/r'], {
    dmarc: { rua: ['a@example.com', 'b@example.com'] },
  });
  assert.match(line, /rua=mailto:A@example\.com,https:\/\/x\.test\/r,mailto:b@example\.com <- /);
});

test('RFC 9989 App. A.6: removed tags are told and do no harm; they go with the next change', async () => {
  const old = 'v=DMARC1; p=none; pct=100; ri=86400; rf=afrf; rua=mailto:a@example.com!10m';
  const kept = await dmarc([old]);
  assert.equal(kept.line, `present ${old}`);
  assert.equal(kept.notes.filter((code) => code === 'dmarc-removed-tag').length, 4);
  const changed = await dmarc([old], { dmarc: { stage: 'none-np' } });
  assert.equal(changed.line, `wrong v=DMARC1; p=none; np=reject; rua=mailto:a@example.com <- ${old}`);
  assert.deepEqual(changed.dropped, ['ri=86400', 'rf=afrf', 'the size limit in rua', 'pct=100']);
});

test('pct below 100 still holds old receivers back: it stays until a stage is asked for, and is made on request only', async () => {
  assert.equal((await dmarc(['v=DMARC1; p=quarantine; pct=20'])).line, 'present v=DMARC1; p=quarantine; pct=20');
  assert.equal(
    (await dmarc(['v=DMARC1; p=none'], { dmarc: { stage: 'quarantine', pct: 25 } })).line,
    'wrong v=DMARC1; p=quarantine; np=reject; pct=25 <- v=DMARC1; p=none',
  );
  const { plan } = await dmarc([], { dmarc: { stage: 'quarantine', pct: 25 } });
  assert.match(plan.records.find(({ name }) => name.startsWith('_dmarc'))?.why ?? '', /RFC 9989 ignore it/);
});

test('RFC 9989 §4.10: of several records none counts; they become one, the strongest, with all addresses', async () => {
  const two = await dmarc([
    'v=DMARC1; p=none; rua=mailto:wizard@example.com',
    'v=DMARC1; p=reject; rua=mailto:a@example.com',
  ]);
  assert.match(two.line, /^wrong v=DMARC1; p=reject; rua=mailto:a@example\.com,mailto:wizard@example\.com <- /);
  assert.equal(two.line.split(' <- ').length, 3);
  assert.ok(two.notes.includes('several-dmarc'));
});

test('what was meant to be DMARC and is read by nobody gives way; other texts stay', async () => {
  const broken = await dmarc(['V=dmarc1; p=reject', 'hello']);
  assert.equal(broken.line, 'wrong v=DMARC1; p=none <- V=dmarc1; p=reject');
  assert.ok(broken.notes.includes('dmarc-unreadable') && broken.notes.includes('other-text'));
});

test('a record behind a CNAME is kept by somebody else: right as it is, or told', async () => {
  const zone = '_dmarc.example.com CNAME x.dmarc.test.\nx.dmarc.test TXT "v=DMARC1; p=quarantine"';
  assert.equal((await dmarc([], {}, zone)).line, 'present v=DMARC1; p=quarantine');
  const asked = await dmarc([], { dmarc: { stage: 'reject' } }, zone);
  assert.deepEqual([asked.line, asked.conflicts], ['nothing', ['dmarc-delegated']]);
});

test('a sub-domain follows the record above it until it is given one of its own', async () => {
  const zone = '_dmarc.example.com TXT "v=DMARC1; p=reject; sp=quarantine"';
  const { plan } = await planned(zone, { domain: 'news.example.com' });
  assert.deepEqual(plan.records, []);
  assert.ok(codes(plan.notes).includes('dmarc-inherited'));
  const own = await planned(zone, { domain: 'news.example.com', dmarc: { stage: 'none' } });
  assert.deepEqual(recordTable(own.plan), ['missing _dmarc.news.example.com TXT v=DMARC1; p=none']);
});

test('RFC 9990: an address at another organization needs its word, told with its zone', async () => {
  const permit = 'example.com._report._dmarc.reports.test';
  const table = async (zone: string) => {
    const { plan } = await planned(zone, { dmarc: { rua: ['a@reports.test', 'b@sub.example.com'] } });
    return recordTable(plan).filter((line) => line.includes('_report'));
  };
  assert.deepEqual(await table(''), [`missing ${permit} TXT v=DMARC1`]);
  assert.deepEqual(await table('*._report._dmarc.reports.test TXT "v=DMARC1"'), [`present ${permit} TXT v=DMARC1`]);
  assert.deepEqual(await table(`;!SERVFAIL ${permit}`), [`unknown ${permit} TXT v=DMARC1`]);
});

test('a sender’s own _dmarc is never taken over', async () => {
  const sendgrid = realCatalogue().find('sendgrid');
  assert.ok(sendgrid);
  const policy = {
    purpose: 'verification',
    name: '_dmarc',
    type: 'TXT',
    value: 'v=DMARC1; p=none',
    needed: 'required',
    why: 'w',
  };
  const wizard = { ...sendgrid, parameters: [], records: [policy] } as typeof sendgrid;
  const catalogue = makeCatalogue([wizard]);
  const resolver = resolverFromZone('_dmarc.example.com TXT "v=DMARC1; p=reject"');
  const setup = new Setup({ resolver, timers: systemClock, catalogue });
  const declaration = setup.readDeclaration({ domain: 'example.com', senders: ['sendgrid'] });
  assert.ok(declaration.ok);
  const observed = await setup.observe(declaration.value);
  assert.ok(observed.ok);
  const plan = setup.plan(declaration.value, observed.value);
  assert.ok(plan.ok);
  assert.deepEqual(recordTable(plan.value), ['present _dmarc.example.com TXT v=DMARC1; p=reject']);
  assert.deepEqual(
    plan.value.dropped.map(({ term }) => term),
    ['_dmarc.example.com TXT v=DMARC1; p=none'],
  );
});

test('what a strict or strong record does to senders is said', async () => {
  const senders = ['sendgrid:id=12,server=wl34,label=em56', 'xero'];
  const { notes } = await dmarc(['v=DMARC1; p=reject; aspf=s'], { senders });
  assert.ok(notes.includes('strict-alignment') && notes.includes('sender-never-aligns'));
});

test('whatever stands at _dmarc, a draft is written and read back as the same draft', () => {
  for (const text of [
    'v=DMARC1',
    'v=DMARC1;p=reject;;sp=none;',
    'v = DMARC1 ; p = none ; x_y=1 ; rua = mailto:a@b.test , mailto:c@d.test ',
    'v=DMARC1; p=quarantine; t=y; pct=0; psd=n; fo=1:d:s; adkim=s; aspf=r; ruf=mailto:f@b.test',
  ]) {
    const first = draftOf(text)?.draft;
    assert.ok(first);
    assert.deepEqual(draftOf(draftText(first))?.draft, first);
  }
});

test('what an office goes on from when it takes a name over: the strongest of several, one alone as it is written', () => {
  const [weak, strong] = ['v=DMARC1; p=none; rua=mailto:a@x.test', 'v=DMARC1;p=reject; rua=mailto:b@x.test'];
  assert.equal(unitedText([weak, strong, 'other']), 'v=DMARC1; p=reject; rua=mailto:b@x.test,mailto:a@x.test');
  assert.equal(unitedText(['other', strong]), strong);
  assert.equal(unitedText(['other']), undefined);
});
