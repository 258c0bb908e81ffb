import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { ed25519TestKeyPem, rsaTestKeyPem } from '../../../test/support/dkim-test-keys.ts';
import { describe, type Hop, signHop } from '../../../test/support/reference-dkim2.ts';
import { fixedClock } from '../../base/clock.ts';
import { indexMessage } from '../../format/message/message-index.ts';
import { importPrivateKey } from '../dkim/private-keys.ts';
import type { Resolver } from '../dns/types.ts';
import { resolverFromZone } from '../dns/zone-resolver.ts';
import { checkInstances } from './check-instances.ts';
import { dkim2Limits } from './limits.ts';
import { type Dkim2ProblemCode, dkim2Problems } from './problems.ts';
import { readChain } from './read-chain.ts';
import type { Dkim2Envelope, Dkim2Result } from './types.ts';
import { verifyDkim2 } from './verify-dkim2.ts';

function keyOf(pem: string) {
  const read = importPrivateKey(pem);
  assert.ok(read.ok);
  const { privateKey, publicRecord } = read.value;
  return { key: privateKey, record: publicRecord.replace(/.{200}/g, '$&" "') };
}
const ed = keyOf(ed25519TestKeyPem);
const rsa = keyOf(rsaTestKeyPem);

const zone = ['example.com', 'example.net', 'list.test']
  .flatMap((domain) => [
    `ed._domainkey.${domain}. TXT "${ed.record}"`,
    `rsa._domainkey.${domain}. TXT "${rsa.record}"`,
    `test._domainkey.${domain}. TXT "${ed.record}; t=y; h=sha1"`,
    `two._domainkey.${domain}. TXT "${ed.record}"`,
    `two._domainkey.${domain}. TXT "${rsa.record}"`,
    `gone._domainkey.${domain}. TXT "v=DKIM1; k=ed25519; p="`,
    `odd._domainkey.${domain}. TXT "v=DKIM1; p=???"`,
    `web._domainkey.${domain}. TXT "${ed.record}; s=web"`,
    `;!SERVFAIL broken._domainkey.${domain}.`,
  ])
  .join('\n');
const deps = { resolver: resolverFromZone(`${zone}\n`), clock: fixedClock(1_700_000_000_000) };
const envelope: Dkim2Envelope = { mailFrom: 'ann@example.com', rcptTo: ['bob@example.net'] };

const plain = [
  'Received: from a by b; Sun, 22 Nov 2026 09:55:07 +0000',
  'From: Ann <ann@example.com>',
  'Subject: A  message\r\n that folds ',
  'X-Spam: no',
  'To: bob@example.net',
  '',
  'one',
  'two',
  '',
  'three',
  '',
].join('\r\n');

const verify = (message: string, to: Dkim2Envelope = envelope): Promise<Dkim2Result> =>
  verifyDkim2(Buffer.from(message, 'latin1'), to, deps);
const codes = ({ problems }: Dkim2Result) => problems.map(({ code }) => code);
const hop = (more: Partial<Hop> = {}): Hop => ({ key: ed.key, ...more });
const once = (tags: Hop['tags'] = {}) => signHop(describe(plain, 1), hop({ tags }));

async function expect(message: string, wanted: readonly Dkim2ProblemCode[], to?: Dkim2Envelope): Promise<Dkim2Result> {
  const got = await verify(message, to);
  assert.deepEqual(codes(got), wanted, message.slice(0, 600));
  const [first] = wanted;
  assert.equal(got.result, first === undefined ? 'pass' : dkim2Problems[first].result);
  assert.equal(got.reason === undefined, wanted.length === 0);
  return got;
}

test('dkim2-spec-03 §11: one hop; who signed, for whom, with what', async () => {
  const got = await expect(once({ f: 'feedback,\r\n x-ours', n: 'a=b' }), []);
  assert.deepEqual(got.signatures, [
    {
      sequence: 1,
      instance: 1,
      domain: 'example.com',
      signedAtSeconds: 1_699_999_900,
      mailFrom: 'ann@example.com',
      rcptTo: ['bob@example.net'],
      flags: ['feedback', 'x-ours'],
      sets: [{ selector: 'ed', algorithm: 'ed25519-sha256', result: 'pass', keyBits: 256 }],
    },
  ]);
  assert.deepEqual(got.instances, [
    { instance: 1, header: 'pass', body: 'pass', changed: { header: false, body: false } },
  ]);
  await expect(signHop(describe(plain, 1), { key: rsa.key, selector: 'rsa', algorithm: 'rsa-sha256' }), []);
  assert.equal((await verify(plain)).result, 'none');
});

test('dkim2-spec-03 §4: fields of the way and of others may come and go, all else is signed', async () => {
  const signed = once();
  const above = (field: string) => `${field}\r\n${signed}`;
  for (const name of ['Received', 'Return-Path', 'Delivered-To', 'Authentication-Results', 'DKIM-Signature'])
    await expect(above(`${name}: x`), []);
  for (const name of ['X-Any', 'ARC-Seal', 'arc-whatever']) await expect(above(`${name}: x`), []);
  // dkim2-spec-05 §4 ignores these as well; here they are signed
  for (const name of ['Received-SPF', 'Auto-Submitted', 'Cc', 'From', 'Xany', 'Arc', 'Received\u00ff', '\u00ffX-Any'])
    await expect(above(`${name}: x`), ['header-differs']);
  await expect(signed.replace('Subject: A  message\r\n that folds ', 'SUBJECT:A message\r\n\tthat  folds'), []);
  await expect(signed.replace('Subject: A', 'Subject: B'), ['header-differs']);
});

test('dkim2-spec-03 §6.1: line ends at the end do not count, all other octets do', async () => {
  await expect(`${once()}\r\n\r\n`, []);
  await expect(once().replace('two\r\n', 'two \r\n'), ['body-differs']);
  await expect(signHop(describe('From: a@b.test\r\n\r\n', 1), hop()), []);
});

const list: Hop = hop({ from: 'bounce@list.test', to: ['carol@example.net'] });
const toList = hop({ to: ['all@list.test'] });
const fromList: Dkim2Envelope = { mailFrom: 'bounce@list.test', rcptTo: ['carol@example.net'] };

test('dkim2-spec-03 §5: a list changes, adds and removes; each form is as it was signed', async () => {
  const sent = signHop(describe(plain, 1), toList);
  const changed = sent
    .replace('Subject: A  message\r\n that folds ', 'Subject: [list] A message that folds')
    .replace('To: bob', 'List-Id: <list.test>\r\nTo: bob')
    .replace('two\r\n', 'two and a half\r\n')
    .concat('-- \r\nfooter\r\n');
  const recipe = {
    h: { subject: [{ d: ['A message that folds'] }], 'list-id': [] },
    b: [{ c: [1, 1] }, { d: ['two'] }, { c: [3, 4] }],
    unknown: { deep: [{}] },
  };
  const got = await expect(signHop(describe(changed, 2, recipe), list), [], fromList);
  assert.deepEqual(
    got.instances.map(({ header, body, changed: { header: h, body: b } }) => [header, body, h, b]),
    [
      ['pass', 'pass', false, false],
      ['pass', 'pass', true, true],
    ],
  );
  const lie = { ...recipe, b: [{ c: [1, 4] }] };
  await expect(signHop(describe(changed, 2, lie), list), ['body-differs'], fromList);
  const silent = { b: recipe.b };
  await expect(signHop(describe(changed, 2, silent), list), ['header-differs'], fromList);
  await expect(signHop(describe(changed, 2), list), ['header-differs', 'body-differs'], fromList);
});

test('dkim2-spec-03 §5.2 (null): the body before is lost, and that is said', async () => {
  const sent = signHop(describe(plain, 1), toList);
  const changed = signHop(describe(`${sent}more\r\n`, 2, { b: null }), list);
  const got = await expect(changed, [], fromList);
  assert.deepEqual(got.notes, ['the body before Message-Instance m=2 cannot be made again']);
  assert.deepEqual(
    got.instances.map(({ header, body }) => `${header} ${body}`),
    ['pass unknown', 'pass pass'],
  );
});

test('dkim2-spec-03 §5.1: fields of one name are numbered from the lowest up', async () => {
  const two = plain.replace('To: bob', 'Comments: low\r\nTo: bob').replace('From:', 'Comments: high\r\nFrom:');
  const sent = signHop(describe(two, 1), toList);
  const three = `Comments: top\r\n${sent.replace('Comments: low', 'Comments: lower')}`;
  const recipe = (steps: unknown) => describe(three, 2, { h: { COMMENTS: steps } });
  await expect(signHop(recipe([{ d: ['low'] }, { c: [2, 2] }]), list), [], fromList);
  await expect(signHop(recipe([{ c: [2, 2] }, { d: ['low'] }]), list), ['header-differs'], fromList);
  await expect(signHop(recipe([{ c: [2, 4] }]), list), ['recipe-impossible'], fromList);
});

test('dkim2-spec-03 §8: what a signature must have, once each, and in which form', async () => {
  const cases: readonly (readonly [Hop['tags'], Dkim2ProblemCode])[] = [
    [{ i: undefined }, 'signature-tag-missing'],
    [{ mf: undefined }, 'signature-tag-missing'],
    [{ nd: 'example.net' }, 'signature-tag-unexpected'],
    [{ T: '1' }, 'signature-syntax'],
    [{ i: '0' }, 'signature-syntax'],
    [{ i: '1x' }, 'signature-syntax'],
    [{ t: '-1' }, 'signature-syntax'],
    [{ t: '1'.repeat(16) }, 'signature-syntax'],
    [{ d: 'example.com.' }, 'signature-syntax'],
    [{ d: 'a..b' }, 'signature-syntax'],
    [{ n: 'a b' }, 'signature-syntax'],
    [{ n: 'a'.repeat(65) }, 'signature-syntax'],
    [{ f: 'feedback,,x' }, 'signature-syntax'],
    [{ mf: '' }, 'signature-syntax'],
    [{ mf: 'PGFubkBleGFtcGxlLmNvbT5=' }, 'signature-syntax'], // dkim2-spec-03 §2.14: pad bits that are not zero
    [{ mf: Buffer.from('<ann@exa mple.com>').toString('base64') }, 'signature-syntax'],
    [{ mf: Buffer.from('<\xff@example.com>', 'latin1').toString('base64') }, 'signature-syntax'],
    [{ rt: Array(101).fill('PGJvYkBleGFtcGxlLm5ldD4=').join() }, 'signature-syntax'],
    [{ rt: 'PD4=' }, 'signature-syntax'],
    [{ rt: 'PGJvYkBleGFtcGxlLm5ldD4=,' }, 'signature-syntax'],
    [{ s: 'ed:ed25519-sha256' }, 'signature-syntax'],
    [{ s: 'e d:ed25519-sha256:SIG' }, 'signature-syntax'],
    [{ s: 'ed:ed25519-sha256:SIG,ed:rsa-sha256:SIG' }, 'selector-twice'],
    [{ s: 'ed:rot13:SIG' }, 'no-known-algorithm'],
    [{ x: 'grüße' }, 'signature-syntax'],
    [{ i: '51' }, 'too-many-fields'],
  ];
  for (const [tags, code] of cases) await expect(once(tags), [code]);
  for (const tags of [
    { rt: Array(100).fill('PGJvYkBleGFtcGxlLm5ldD4=').join() },
    { n: '' },
    { x: '' },
    { i: '001' },
    { d: 'Example.COM' },
    { n: 'a'.repeat(64) },
  ])
    await expect(once(tags), []);
  for (const name of ['\u00ffDKIM2-Signature:', 'DKIM2-Signature\u00ff:', ' DKIM2-Signature:', 'DKIM2-Signature\r\n :'])
    await expect(once().replace('DKIM2-Signature:', name), ['signature-syntax']);
  await expect(once().replace('DKIM2-Signature:', 'dKim2-Signature \t:'), []);
});

test('dkim2-spec-03 §7: what a Message-Instance must have', async () => {
  const good = describe(plain, 1);
  const hashes = /h=(sha256:[^;]*)/.exec(good)?.[1] ?? '';
  const cases: readonly (readonly [Record<string, string | undefined>, Dkim2ProblemCode])[] = [
    [{ h: undefined }, 'instance-tag-missing'],
    [{ m: undefined }, 'instance-tag-missing'],
    [{ m: '0' }, 'instance-syntax'],
    [{ m: '51' }, 'too-many-fields'],
    [{ H: hashes }, 'instance-syntax'],
    [{ h: 'sha256:YQ==:YQ==' }, 'instance-syntax'],
    [{ h: 'sha256:YQ==' }, 'instance-syntax'],
    [{ h: `${hashes},sha256:${hashes.slice(7)}` }, 'instance-hash-twice'],
    [{ h: 'md5:YQ==:YQ==' }, 'no-known-hash'],
    [{ r: '' }, 'instance-syntax'],
    [{ r: 'YQ==' }, 'recipe-invalid'],
  ];
  for (const [tags, code] of cases)
    await expect(signHop(describe(plain, 1, undefined, tags), hop({ tags: { m: '1' } })), [code]);
  await expect(signHop(describe(plain, 1, undefined, { h: `md5:YQ==:YQ==, \r\n ${hashes}` }), hop()), []);
  // dkim2-spec-03 §9.1: the first one may say what was done before
  await expect(signHop(describe(plain, 1, { h: { cc: [{ c: [9, 9] }] } }), hop()), []);
});

test('dkim2-spec-03 §11.2: no gaps, nothing twice, nothing unsigned', async () => {
  const sent = signHop(describe(plain, 1), toList);
  await expect(describe(plain, 1), ['instance-unsigned']);
  await expect(describe(sent, 2), ['instance-unsigned']);
  await expect(signHop(plain, hop({ tags: { m: '1' } })), ['instance-missing']);
  await expect(signHop(describe(sent, 3), list), ['instance-missing']);
  await expect(signHop(describe(sent, 1), hop({ ...list, tags: { m: '1' } })), ['instance-twice']);
  await expect(signHop(sent, hop({ ...list, tags: { i: '3' } })), ['signature-missing']);
  await expect(signHop(sent, hop({ ...list, tags: { i: '1' } })), ['signature-twice']);
  const later = signHop(describe(sent, 2), hop({ ...list, tags: { m: '2' } }));
  await expect(signHop(later, hop({ ...list, tags: { m: '1' } })), ['instance-goes-back']);
  await expect(`no field\r\n${once()}`, ['header-malformed']);
  await expect(`${'A: b\r\n'.repeat(1_001)}${once()}`, ['header-too-large']);
  await expect(`${once().split('\r\n\r\n')[0]}\r\n${'A: b\r\n'.repeat(1_001)}\r\n`, ['header-too-large']);
  await expect(once().replace('Message-Instance', `${'Message-Instance: m=1;\r\n'.repeat(50)}Message-Instance`), [
    'too-many-fields',
  ]);
});

test('dkim2-spec-03 §11.3: fourteen days', async () => {
  const age = (seconds: number) => once({ t: String(1_700_000_000 - seconds) });
  await expect(age(14 * 86_400), []);
  await expect(age(14 * 86_400 + 1), ['expired']);
  const got = await expect(age(-60), []);
  assert.deepEqual(got.notes, ['DKIM2-Signature i=1 is dated in the future']);
});

test('dkim2-spec-03 §11.4: the envelope, exactly, domains in any case', async () => {
  const signed = once({
    rt: [`<bob@example.net>`, '<Carol@Example.ORG>'].map((one) => Buffer.from(one).toString('base64')).join(),
  });
  await expect(signed, []);
  await expect(signed, [], { mailFrom: '<ann@EXAMPLE.com>', rcptTo: ['<Carol@example.org>', 'bob@example.net'] });
  await expect(signed, ['mail-from-differs'], { ...envelope, mailFrom: 'Ann@example.com' });
  await expect(signed, ['mail-from-differs'], { ...envelope, mailFrom: 'ann@mail.example.com' });
  await expect(signed, ['mail-from-differs'], { ...envelope, mailFrom: '' });
  const got = await expect(signed, ['rcpt-to-differs'], {
    ...envelope,
    rcptTo: ['bob@example.net', 'carol@example.org'],
  });
  assert.equal(got.reason, 'DKIM2-Signature i=1 RCPT TO <carol@example.org> did not match');
  await expect(signed, ['mail-from-differs', 'rcpt-to-differs'], { mailFrom: '\u001b[2J', rcptTo: ['no address'] });
  const open = await expect(signed, [], {});
  assert.deepEqual(open.envelope, { mailFrom: false, rcptTo: false });
  const literal = once({ rt: Buffer.from('<a@[IPv6:2001:DB8::1]>').toString('base64') });
  await expect(literal, [], { rcptTo: ['a@[ipv6:2001:db8::1]'] });
});

test('dkim2-spec-03 §8.5: without its angle brackets an address is an error, and what a tolerant reader says stands beside', async () => {
  const bare = (text: string) => Buffer.from(text).toString('base64');
  const tags = { mf: bare('ann@example.com'), rt: bare('bob@example.net') };
  const got = await expect(once(tags), ['path-without-brackets', 'path-without-brackets']);
  assert.equal(got.tolerantResult, 'pass');
  const changed = await verify(once(tags).replace('three', 'four'));
  assert.equal(changed.tolerantResult, 'fail');
});

test('dkim2-spec-03 §9.4: from hand to hand', async () => {
  const sent = signHop(describe(plain, 1), hop({ to: ['x@example.net', 'all@list.test'] }));
  await expect(signHop(sent, list), [], fromList);
  const below = hop({ ...list, from: 'bounce@srs.list.test', tags: { d: 'list.test' } });
  await expect(signHop(sent, below), [], { ...fromList, mailFrom: 'bounce@srs.list.test' });
  const stranger = hop({ from: 'ann@example.com', to: ['carol@example.net'] });
  await expect(signHop(sent, stranger), ['custody-broken'], { ...fromList, mailFrom: 'ann@example.com' });
  const above = hop({ ...list, tags: { d: 'sub.list.test', s: 'ed:ed25519-sha256:SIG' } });
  await expect(signHop(sent, above), ['domain-differs', 'key-missing'], fromList);
  const none = hop({ from: '', to: ['carol@example.net'], tags: { d: 'list.test' } });
  const got = await expect(signHop(sent, none), [], { ...fromList, mailFrom: '' });
  assert.match(got.notes.join(), /i=2 has a null return path/);
});

test('dkim2-spec-03 §8.7: a step that names the next signer only', async () => {
  const sent = signHop(describe(plain, 1), hop({ to: ['bob@example.net'] }));
  const step = (domain: string, next: string) => hop({ tags: { mf: undefined, rt: undefined, d: domain, nd: next } });
  const stepped = signHop(sent, step('example.net', 'list.test'));
  const got = await expect(signHop(stepped, list), [], fromList);
  assert.equal(got.signatures[1]?.nextDomain, 'list.test');
  const two = signHop(signHop(sent, step('example.net', 'example.com')), step('example.com', 'list.test'));
  await expect(signHop(two, list), [], fromList);
  await expect(stepped, ['next-domain-last']);
  const elsewhere = signHop(sent, step('example.net', 'example.com'));
  await expect(signHop(elsewhere, list), ['next-domain-differs'], fromList);
});

test('dkim2-spec-03 §11.5: keys', async () => {
  const with_ = (selector: string) => signHop(describe(plain, 1), hop({ selector }));
  await expect(with_('none'), ['key-missing']);
  await expect(with_('two'), ['key-several']);
  await expect(with_('gone'), ['key-revoked']);
  await expect(with_('odd'), ['key-syntax']);
  await expect(with_('web'), ['key-not-for-mail']);
  await expect(with_('rsa'), ['key-mismatch']);
  await expect(with_('broken'), ['key-not-fetched']);
  const got = await expect(with_('test'), []); // h= means nothing any more
  assert.equal(got.signatures[0]?.sets[0]?.testing, true);
  const other = generateKeyPairSync('ed25519').privateKey;
  await expect(signHop(describe(plain, 1), hop({ key: other })), ['signature-differs']);
  const throwing: Resolver = {
    lookup: () => {
      throw new Error('no');
    },
  };
  const failed = await verifyDkim2(Buffer.from(once()), envelope, { ...deps, resolver: throwing });
  assert.equal(failed.result, 'temperror');
});

test('dkim2-spec-03 §3.2: RSA keys with another exponent than 65537 verify nothing', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 3 });
  const p = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const resolver = resolverFromZone(`three._domainkey.example.com. TXT "v=DKIM1; p=${p}"\n`);
  const signed = signHop(describe(plain, 1), { key: privateKey, selector: 'three', algorithm: 'rsa-sha256' });
  const got = await verifyDkim2(Buffer.from(signed), envelope, { ...deps, resolver });
  assert.deepEqual(codes(got), ['key-exponent']);
});

test('dkim2-spec-03 §11.6: every signature of a field has to pass; what a second attempt can change goes last', async () => {
  const s = (more: string) => once({ s: `ed:ed25519-sha256:SIG,${more}` });
  await expect(s('x:rot13:YQ=='), []);
  await expect(s('rsa:rsa-sha256:YQ=='), ['signature-differs']);
  await expect(s('none:rsa-sha256:YQ=='), ['key-missing']);
  const got = await verify(s('broken:rsa-sha256:YQ==,rsa:rsa-sha256:YQ=='));
  assert.deepEqual([got.result, ...codes(got)], ['fail', 'key-not-fetched', 'signature-differs']);
  const full = Array.from({ length: 8 }, (_, at) => `s${at}:rot13:YQ==`).join();
  await expect(once({ s: full }), ['no-known-algorithm']);
  await expect(once({ s: `${full},s9:rot13:YQ==` }), ['signature-syntax']);
  let many = describe(plain, 1);
  for (let at = 0; at < 13; at++) many = signHop(many, hop({ tags: { s: full } }));
  await expect(many, ['too-many-sets']);
});

test('dkim2-spec-03 §11.8: requests that those after did not honour', async () => {
  const sent = (f: string) => signHop(describe(plain, 1), hop({ ...toList, tags: { f } }));
  const changed = (f: string, recipe: unknown, edit: (text: string) => string) =>
    signHop(describe(edit(sent(f)), 2, recipe), list);
  const footer = (text: string) => `${text}footer\r\n`;
  const retitled = (text: string) => text.replace('A  message', 'B  message');
  const added = (text: string) => text.replace('To: bob', 'List-Id: <list.test>\r\nTo: bob');
  const asItWas = { h: { subject: [{ d: ['A message that folds'] }] } };
  await expect(changed('donotmodify', { b: [{ c: [1, 4] }] }, footer), ['modified'], fromList);
  await expect(changed('donotmodify', { b: null }, footer), ['modified'], fromList);
  await expect(changed('donotmodify', asItWas, retitled), ['modified'], fromList);
  await expect(changed('donotmodify', { h: { 'list-id': [] } }, added), [], fromList);
  const second = (text: string) => text.replace('To: bob', 'Subject: again\r\nX-Seen: yes\r\nTo: bob');
  await expect(
    changed('donotmodify', { h: { subject: [{ c: [2, 2] }], 'x-seen': [{ d: ['no'] }] } }, second),
    [],
    fromList,
  );
  await expect(changed('feedback', asItWas, retitled), [], fromList);
  const exploded = hop({ ...list, tags: { f: 'exploded' } });
  await expect(signHop(sent('donotexplode'), exploded), ['exploded'], fromList);
  await expect(signHop(sent('feedback'), exploded), [], fromList);
  await expect(once({ f: 'donotexplode,exploded' }), []);
});

test('what has to be undone is bounded', () => {
  const sent = signHop(describe(plain, 1), toList);
  const changed = signHop(describe(`${sent}footer\r\n`, 2, { b: [{ c: [1, 4] }] }), list);
  const index = indexMessage(Buffer.from(changed));
  const chain = readChain(index);
  assert.ok(chain && 'instances' in chain);
  const undone = (octets: number) => checkInstances(index, chain.instances, octets).problems.map(({ code }) => code);
  assert.deepEqual(undone(29), []);
  assert.deepEqual(undone(20), ['too-much-to-undo']);
  assert.equal(dkim2Limits.undoneOctetsMax, 134_217_728);
});

const line = fc.string({ unit: fc.constantFrom('a', 'ü', ' ', '\t', '.', '-', '=', '\\', '"'), maxLength: 8 });
const lines = fc.array(line, { maxLength: 12 });

/** Undoes the change from `now` to `before` with copies where lines are the same, in order. */
function recipeFor(before: readonly string[], now: readonly string[]): unknown[] {
  const steps: unknown[] = [];
  let from = 0;
  for (const text of before) {
    const at = now.indexOf(text, from);
    if (at < 0) {
      steps.push({ d: [text] });
    } else {
      steps.push({ c: [at + 1, at + 1] });
      from = at + 1;
    }
  }
  return steps;
}

test('property: whatever a reviser does and tells is undone, to the octet', async () => {
  const octets = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
  await fc.assert(
    fc.asyncProperty(lines, lines, lines, lines, async (bodyBefore, bodyNow, fieldsBefore, fieldsNow) => {
      const build = (fields: readonly string[], body: readonly string[]) =>
        octets(
          `${fields
            .toReversed()
            .map((one) => `Comments:${one}\r\n`)
            .join('')}From: a@b.test\r\n\r\n${body.map((one) => `${one}\r\n`).join('')}`,
        );
      const sent = signHop(describe(build(fieldsBefore, bodyBefore), 1), toList);
      const dkim2 = sent.slice(0, sent.indexOf('Comments:') < 0 ? sent.indexOf('From:') : sent.indexOf('Comments:'));
      const recipe = {
        h: { comments: recipeFor(fieldsBefore, fieldsNow) },
        b: recipeFor(bodyBefore, bodyNow),
      };
      const revised = signHop(describe(dkim2 + build(fieldsNow, bodyNow), 2, recipe), list);
      assert.deepEqual(codes(await verify(revised, fromList)), []);
    }),
    { numRuns: 200 },
  );
});

test('property: folds between tags change nothing', async () => {
  const sent = signHop(describe(plain, 1), toList);
  const signed = signHop(describe(`${sent}footer\r\n`, 2, { b: [{ c: [1, 4] }] }), list);
  const places = [...signed.matchAll(/; |(?<=[A-Za-z0-9+/]{8})(?=[A-Za-z0-9+/]{8}[A-Za-z0-9+/=]*;)/g)].map(
    ({ index }) => index,
  );
  const end = signed.indexOf('Received:');
  const usable = places.filter((place) => place < end);
  assert.ok(usable.length > 50);
  await fc.assert(
    fc.asyncProperty(fc.subarray(usable), fc.constantFrom('\r\n ', '\r\n\t', '\r\n  \t'), async (chosen, fold) => {
      let text = signed;
      for (const place of chosen.toReversed()) {
        const at = text.startsWith('; ', place) ? place + 1 : place;
        text = text.slice(0, at) + fold + text.slice(at);
      }
      assert.deepEqual(codes(await verify(text, fromList)), []);
    }),
    { numRuns: 60 },
  );
});
