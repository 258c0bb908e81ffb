/** The policy document: record, signature, what may be taken when; and the vectors that another implementer starts from. */
import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { realCatalogue } from '../../../../test/support/planning.ts';
import { utf8 } from '../../../base/bytes.ts';
import { parseDomainName } from '../../../format/domain-name.ts';
import { type DmarcStage, dmarcStages } from '../types.ts';
import { comparePolicies, strictestOf } from './compare-policies.ts';
import { decidePolicy, loosenAfterMs } from './decide-policy.ts';
import { payloadText, readPayload } from './policy-payload.ts';
import { parsePolicyRecord, policyRecordText } from './policy-record.ts';
import { beside, compilePolicy, policyOf } from './policy-tools.ts';
import { openPolicy, rawPublicKey, sealPolicy } from './seal-policy.ts';
import type { HeldPolicy, PolicyDocument } from './types.ts';

const domain = parseDomainName('example.com') ?? assert.fail();
const nowMs = Date.UTC(2026, 10, 1, 12);
const key = generateKeyPairSync('ed25519').privateKey;

function document(change: Partial<PolicyDocument> = {}): PolicyDocument {
  return {
    domain,
    serial: 7,
    issuedAtMs: nowMs,
    senders: ['google-workspace', 'sendgrid:subdomain=news'],
    keys: [{ selector: 'ph1', record: 'v=DKIM1; k=rsa; p=AAAA' }],
    dmarc: { stage: 'quarantine', rua: ['mailto:dmarc@example.com'] },
    tls: { mode: 'testing', mx: ['mx1.example.com', 'mx2.example.com'], maxAgeSeconds: 86_400, reports: [] },
    ...change,
  };
}

function decide(next: PolicyDocument, held: HeldPolicy | undefined, atMs = nowMs) {
  return decidePolicy({ nowMs: atMs, record: { serial: 3 }, document: next, domain, held });
}

test('the record: read strictly, and written as it is read', () => {
  const p = Buffer.from(rawPublicKey(key)).toString('base64');
  const text = `v=EML1; url=https://example.com/eml.json?a=b; kid=k1; p=${p}; serial=12; ttl=3600`;
  const read = parsePolicyRecord(['v=spf1 -all', text]);
  assert.ok(read?.ok);
  assert.equal(policyRecordText(read.value), text);
  assert.equal(parsePolicyRecord(['v=EML2; url=https://x.test/']), undefined);
  const usual = parsePolicyRecord([text.replace('; ttl=3600', ';')]);
  assert.ok(usual?.ok && usual.value.ttlSeconds === 86_400);
  for (const [from, to, say] of [
    ['url=https', 'url=http', /url/],
    ['kid=k1', 'kid=k 1', /kid/],
    [p, p.slice(4), /Ed25519/],
    [p, p.slice(0, -1), /Ed25519/], // base64 that is not the one way to write those octets
    ['serial=12', 'serial=012', /serial/],
    ['serial=12', 'serial=9007199254740993', /serial/],
    ['ttl=3600', 'ttl=1', /ttl/],
    ['; ttl=3600', '; ttl=3600; kid=k2', /twice/],
    ['; ttl=3600', '; ttl', /name=value/],
  ] as const) {
    const bad = parsePolicyRecord([text.replace(from, to)]);
    assert.ok(bad !== undefined && !bad.ok, to);
    assert.match(bad.say, say);
  }
  const two = parsePolicyRecord([text, text]);
  assert.ok(two && !two.ok && /more than one/.test(two.say));
});

test('what the pinned key signed is read as it was written; nothing else is', () => {
  const record = { kid: 'k1', publicKey: rawPublicKey(key) };
  const other = generateKeyPairSync('ed25519').privateKey;
  const text = sealPolicy(document(), [
    { kid: 'old', privateKey: other },
    { kid: 'k1', privateKey: key },
  ]);
  const opened = openPolicy(utf8(text), record);
  assert.ok(opened.ok, opened.ok ? '' : opened.say);
  assert.deepEqual(opened.value, document());
  const code = (changed: string, by: { kid: string; publicKey: Uint8Array } = record) => {
    const read = openPolicy(utf8(changed), by);
    return read.ok ? 'taken' : read.code;
  };
  assert.equal(code(text, { kid: 'k2', publicKey: record.publicKey }), 'bad-signature');
  assert.equal(code(text, { kid: 'k1', publicKey: rawPublicKey(other) }), 'bad-signature');
  const envelope = JSON.parse(text);
  const changed = (change: object) => JSON.stringify({ ...envelope, ...change });
  const payload = Buffer.from(payloadText(document({ serial: 8 }))).toString('base64url');
  assert.equal(code(changed({ payload })), 'bad-signature');
  const header = (members: object) => Buffer.from(JSON.stringify(members)).toString('base64url');
  for (const members of [
    { alg: 'none', kid: 'k1', typ: 'eml-policy+json' },
    { alg: 'EdDSA', kid: 'k1', typ: 'JWT' },
    { alg: 'EdDSA', kid: 'k1', typ: 'eml-policy+json', crit: ['b64'] },
  ]) {
    const signatures = [{ ...envelope.signatures[1], protected: header(members) }];
    assert.equal(code(changed({ signatures })), 'bad-signature', JSON.stringify(members));
  }
  for (const nonsense of ['', '[]', '{}', '{"payload":1,"signatures":[]}', changed({ signatures: 'x' })])
    assert.equal(code(nonsense), 'bad-document', nonsense);
});

test('the payload: what is wrong is named, what is not known is passed over', () => {
  const members = JSON.parse(payloadText(document()));
  const read = (change: object) => readPayload(JSON.stringify({ ...members, ...change }));
  assert.ok(read({ later: true }).ok);
  for (const [change, say] of [
    [{ domain: 'no domain' }, /domain/],
    [{ serial: 1.5 }, /serial/],
    [{ issued_at: '2026-11-01' }, /issued_at/],
    [{ senders: 'all' }, /senders/],
    [{ senders: ['a\r\nb'] }, /senders/],
    [{ senders: [{ toString: 1, valueOf: 1 }] }, /senders/], // it cannot be made a text
    [{ tls: { mode: 'enforce', mx: [] } }, /mx/],
    [{ keys: [{ selector: 'a b', record: 'x' }] }, /selector/],
    [{ keys: [{ selector: 'a', record: 'x\n' }] }, /record/],
    [{ dmarc: { stage: 'strict' } }, /stage/],
    [{ dmarc: { stage: 'none', rua: ['https://example.com/'] } }, /rua/],
    [{ tls: { mode: 'on' } }, /mode/],
    [{ tls: { mode: 'enforce', mx: ['192.0.2.1:25'] } }, /mx/],
    [{ contact: 'javascript:1' }, /contact/],
  ] as const) {
    const bad = read(change);
    assert.ok(!bad.ok, JSON.stringify(change));
    assert.match(bad.say, say);
  }
});

test('a first document is taken; then the serial only grows, and one serial means one document', () => {
  const first = decide(document(), undefined);
  assert.equal(first.do, 'take');
  const held = { document: document() };
  assert.equal(decide(document(), held).do, 'keep');
  assert.equal(decide(document({ serial: 6 }), held).do, 'refuse');
  assert.equal(decide(document({ serial: 2 }), undefined).do, 'refuse'); // below what DNS asks for
  assert.equal(decide(document({ contact: 'mailto:a@example.com' }), held).do, 'refuse');
  const elsewhere = decide(document({ domain: parseDomainName('example.net') ?? domain }), undefined);
  assert.ok(elsewhere.do === 'refuse' && elsewhere.code === 'other-domain');
});

test('what tightens is in force at once, what loosens waits, and both in one document are told apart', () => {
  const held = { document: document() };
  const tighter = document({
    serial: 8,
    senders: ['google-workspace'],
    dmarc: { stage: 'reject', rua: held.document.dmarc.rua },
  });
  const taken = decide(tighter, held);
  assert.ok(taken.do === 'take' && taken.held.document === tighter && taken.held.waiting === undefined);
  const both = document({ serial: 8, senders: ['postmark'], dmarc: { stage: 'none', rua: [] } });
  const waits = decide(both, held);
  assert.ok(waits.do === 'wait');
  assert.deepEqual(waits.held.document.senders, []);
  assert.deepEqual(waits.held.document.dmarc, { stage: 'quarantine', rua: ['mailto:dmarc@example.com'] });
  assert.equal(waits.held.waiting.fromMs, nowMs + loosenAfterMs);
  assert.equal(decide(both, waits.held, nowMs + loosenAfterMs - 1).do, 'keep');
  const later = decide(both, waits.held, nowMs + loosenAfterMs);
  assert.ok(later.do === 'take' && later.held.document === both);
  // A correction that allows no more does not begin the wait anew; one that does, does.
  const corrected = decide({ ...both, serial: 9, contact: 'mailto:a@example.com' }, waits.held, nowMs + 1);
  assert.ok(corrected.do === 'wait' && corrected.held.waiting.fromMs === nowMs + loosenAfterMs);
  const more = decide({ ...both, serial: 9, senders: ['brevo', 'postmark'] }, waits.held, nowMs + 1);
  assert.ok(more.do === 'wait' && more.held.waiting.fromMs === nowMs + 1 + loosenAfterMs);
});

test('a policy that is to be forgotten sooner waits', () => {
  const { tls } = document();
  const waits = decide(document({ serial: 8, tls: { ...tls, maxAgeSeconds: 0 } }), { document: document() });
  assert.ok(waits.do === 'wait' && waits.held.document.tls.maxAgeSeconds === tls.maxAgeSeconds);
  const longer = decide(document({ serial: 8, tls: { ...tls, maxAgeSeconds: 604_800 } }), { document: document() });
  assert.equal(longer.do, 'take');
});

test('a first TLS policy is in force at once, and beside something that waits it has its hosts', () => {
  const tls = { mode: 'none', mx: [], maxAgeSeconds: 86_400, reports: [] } as const;
  const held = { document: document({ tls }) };
  const next = document({ serial: 8, tls: { ...tls, mode: 'enforce', mx: ['mx1.example.com'] } });
  assert.equal(decide(next, held).do, 'take');
  const waits = decide({ ...next, senders: ['evil', ...next.senders] }, held);
  assert.ok(waits.do === 'wait');
  assert.deepEqual(waits.held.document.tls, next.tls);
});

test('whatever comes, what is in force while something waits is never looser than what was in force', () => {
  const arbitrary = fc
    .record({
      senders: fc.uniqueArray(fc.constantFrom('own', 'postmark', 'sendgrid')),
      stage: fc.constantFrom<DmarcStage>(...dmarcStages),
      mode: fc.constantFrom('none', 'testing', 'enforce'),
      mx: fc.uniqueArray(fc.constantFrom('a.test', 'b.test')),
      rua: fc.uniqueArray(fc.constantFrom('mailto:a@x.test', 'mailto:b@x.test')),
      keys: fc.uniqueArray(fc.constantFrom('s1', 's2')),
      maxAgeSeconds: fc.constantFrom(0, 1, 86_400),
    })
    .map(({ senders, stage, mode, mx, rua, keys, maxAgeSeconds }) =>
      document({
        senders: senders.toSorted(),
        keys: keys.toSorted().map((selector) => ({ selector, record: 'v=DKIM1; p=AA' })),
        dmarc: { stage, rua },
        tls: { mode: mx.length === 0 ? 'none' : (mode as 'none'), mx, maxAgeSeconds, reports: rua },
      }),
    );
  fc.assert(
    fc.property(arbitrary, arbitrary, (before, after) => {
      const changes = comparePolicies(before, strictestOf(before, after));
      assert.deepEqual(
        changes.filter(({ kind }) => kind === 'loosens'),
        [],
      );
      assert.deepEqual(comparePolicies(before, before), []);
      const opened = readPayload(payloadText(before));
      assert.ok(opened.ok);
      assert.deepEqual(opened.value, before);
    }),
    { numRuns: 200 },
  );
});

test('a document compiles to who sends, the stage, the keys and the mode; one without hosts says nothing of TLS', () => {
  const catalogue = realCatalogue();
  const compiled = compilePolicy(catalogue, document());
  assert.ok(compiled.ok);
  assert.deepEqual(compiled.value, {
    domain,
    senders: [
      { sender: 'google-workspace', parameters: {} },
      { sender: 'sendgrid', parameters: { subdomain: 'news' } },
    ],
    dmarc: document().dmarc,
    mtaSts: 'testing',
    keys: document().keys,
  });
  const mode = (tls: object) => {
    const read = compilePolicy(catalogue, document({ tls: { ...document().tls, ...tls } }));
    return read.ok && read.value.mtaSts;
  };
  assert.equal(mode({ mode: 'enforce' }), 'enforce');
  assert.equal(mode({ mode: 'none' }), 'none');
  assert.equal(mode({ mode: 'none', mx: [] }), undefined);
  const { serial, issuedAtMs, tls } = document();
  const again = policyOf(compiled.value, { serial, issuedAtMs, tls, keys: [] });
  assert.ok(again.ok);
  assert.deepEqual(again.value, document());
});

test('what only a declaration can say stays beside what a document says', () => {
  const compiled = compilePolicy(realCatalogue(), document({ senders: ['google-workspace'], keys: [] }));
  assert.ok(compiled.ok);
  const google = { sender: 'google-workspace', parameters: {}, perWeek: 50 };
  const own = { sender: 'own', parameters: { ip4: '192.0.2.1' } };
  const kept = {
    domain,
    senders: [google, own],
    spf: ['flatten'],
    inbound: 'google-workspace',
    mtaSts: 'none',
  } as const;
  assert.deepEqual(beside(compiled.value, kept), {
    ...compiled.value,
    senders: [google],
    spf: ['flatten'],
    inbound: 'google-workspace',
  });
  assert.equal(beside(compiled.value, { ...kept, inbound: 'own' }).inbound, undefined);
});

test('the vectors of the specification', () => {
  const vectors = JSON.parse(
    readFileSync(new URL('../../../../docs/policy-document-vectors.json', import.meta.url), 'utf8'),
  );
  assert.ok(vectors.documents.length >= 5 && vectors.records.length >= 4);
  for (const { txt, result, why } of vectors.records) {
    const read = parsePolicyRecord([txt]);
    assert.equal(read === undefined ? 'none' : read.ok ? 'valid' : read.code, result, why);
  }
  for (const { document: text, record, result, why } of vectors.documents) {
    const parsed = parsePolicyRecord([record]);
    assert.ok(parsed?.ok, why);
    const opened = openPolicy(utf8(text), parsed.value);
    const decision = opened.ok
      ? decidePolicy({ nowMs, record: parsed.value, document: opened.value, domain, held: undefined })
      : opened;
    const got = 'do' in decision ? (decision.do === 'refuse' ? decision.code : 'valid') : decision.code;
    assert.equal(got, result, why);
  }
  const privateKey = createPrivateKey(vectors.private_key);
  assert.equal(Buffer.from(rawPublicKey(privateKey)).toString('base64'), vectors.public_key);
});
