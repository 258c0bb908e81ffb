import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { fromLatin1 } from '../../base/bytes.ts';
import { normaliseLineEnds } from '../../format/line-ends.ts';
import { authenticate } from '../../protocol/authenticate.ts';
import { resolverFromZone } from '../../protocol/dns/zone-resolver.ts';
import { explainMessage } from './advice.ts';
import type { Explanation } from './types.ts';

const nowMs = Date.UTC(2026, 10, 22);

function letter(fields: readonly string[], body = 'hello\r\n'): Uint8Array {
  return fromLatin1(`${fields.join('\r\n')}\r\n\r\n${body}`);
}

const head = [
  'Received: from o1.esp.example (o1.esp.example [192.0.2.1]) by mx.receiver.example with ESMTP id 1; Fri, 21 Oct 2016 10:00:04 +0000',
  'Received: by app.esp.example with HTTP id 0; Fri, 21 Oct 2016 09:58:00 +0000',
];
const rest = ['From: Ann <ann@shop.example>', 'Date: Fri, 21 Oct 2016 09:58:00 +0000', 'Message-ID: <1@shop.example>'];
const results = (text: string) => `Authentication-Results: mx.receiver.example; ${text}`;
const explain = (fields: readonly string[], body?: string) => explainMessage(letter(fields, body), { nowMs });

test('a service that was never set up for the domain: what passes is its own, the reader sees "via"', async () => {
  const one = await explain([
    ...head,
    results(
      'dkim=pass header.i=@esp.example; spf=pass smtp.mailfrom=b@bounce.esp.example; dmarc=fail (p=NONE dis=NONE) header.from=shop.example',
    ),
    ...rest,
  ]);
  assert.equal(one.alignment.verdict, 'not-aligned');
  assert.deepEqual(
    one.alignment.lines.map(({ by, fit, counts }) => [by, fit, counts]),
    [
      ['spf', 'foreign', false],
      ['dkim', 'foreign', false],
    ],
  );
  assert.deepEqual(
    one.reader.map(({ mark }) => mark),
    ['via', 'open-padlock'],
  );
  assert.match(one.reader[0]?.say ?? '', /via esp\.example/);
  const dmarc = one.results[0]?.results.find(({ method }) => method === 'dmarc');
  assert.match(dmarc?.say ?? '', /asks for p=none; dis=none is the disposition.*nothing was done/);
});

test('set up for the domain, nothing is shown beside the name', async () => {
  const one = await explain([
    head[0]?.replace('ESMTP', 'ESMTPS') ?? '',
    results(
      'dkim=pass header.d=shop.example; spf=pass smtp.mailfrom=b@em.shop.example; dmarc=pass (p=REJECT) header.from=shop.example',
    ),
    ...rest,
  ]);
  assert.equal(one.alignment.verdict, 'aligned');
  assert.deepEqual(
    one.alignment.lines.map(({ fit }) => fit),
    ['organizational', 'same'],
  );
  assert.deepEqual(
    one.reader.map(({ mark }) => mark),
    ['none'],
  );
  assert.deepEqual(metBy(one, 'Microsoft'), ['yes', 'yes', 'yes', 'yes']);
});

test('nothing proven is a question mark; a public suffix is nobody', async () => {
  const none = await explain([...head, results('spf=softfail smtp.mailfrom=ann@shop.example; dkim=none'), ...rest]);
  assert.equal(none.reader[0]?.mark, 'question-mark');
  const suffix = await explain([...head, results('dkim=pass header.d=b.co.uk'), 'From: a@a.co.uk']);
  assert.equal(suffix.alignment.lines[0]?.fit, 'foreign');
});

test('DMARC that failed under p=reject is a warning, unless the receiver let it through', async () => {
  const failing = (done: string) =>
    explain([
      ...head,
      results(`spf=fail smtp.mailfrom=x@shop.example; dmarc=fail (p=REJECT dis=${done}) header.from=shop.example`),
      ...rest,
    ]);
  assert.equal((await failing('QUARANTINE')).reader[0]?.mark, 'warning');
  assert.equal((await failing('NONE')).reader[0]?.mark, 'question-mark');
});

test('hops run from the oldest, with delays, encryption, names and chains', async () => {
  const { hops } = await explain([
    'Received: from other.example (relay.house.example [192.0.2.9]) by mx.receiver.example with ESMTPS id 3; Fri, 21 Oct 2016 10:05:00 +0000',
    ...head,
    ...rest,
  ]);
  assert.deepEqual(
    hops.map(({ by }) => by),
    ['app.esp.example', 'mx.receiver.example', 'mx.receiver.example'],
  );
  assert.deepEqual(
    hops.map(({ delayMs }) => delayMs),
    [undefined, 124_000, 296_000],
  );
  const says = (at: number) => hops[at]?.remarks.map(({ kind, say }) => `${kind} ${say}`).join('\n') ?? '';
  assert.match(says(1), /bad nothing says that this hop was encrypted/);
  assert.match(says(1), /note it waited/);
  assert.match(says(2), /good encrypted/);
  assert.match(says(2), /note it called itself other\.example, but its address is called relay\.house\.example/);
});

test('each tag of a signature in a sentence, what it does not cover, and whether the body is still the one', async () => {
  const field = (more: string) =>
    `DKIM-Signature: v=1; a=rsa-sha256; d=shop.example; s=one; c=relaxed/simple; h=From:From:Subject;${more} bh=KlIE1VSrSxWsYxs7QzAR8wG4qKe4mBPd42m0x4HJGZ8=; b=AAAA`;
  const [signature] = (await explain([field(' t=1477043880; x=1477648680;'), ...rest, 'Subject: x', 'Subject: y']))
    .signatures;
  const say = (tag: string) => signature?.tags.find((one) => one.tag === tag)?.say ?? '';
  assert.match(say('s'), /one\._domainkey\.shop\.example/);
  assert.match(say('h'), /covers From, Subject; and nobody can add another From$/);
  assert.match(say('t'), /2016-10-21 09:58:00 UTC/);
  assert.deepEqual(signature?.uncovered, ['Subject', 'Date', 'Message-ID']);
  assert.equal(signature?.bodyIntact, false);
  assert.match(signature?.remarks.map((one) => one.say).join() ?? '', /time is over/);
  const [partial] = (await explain([field(' l=2;'), ...rest])).signatures;
  assert.match(partial?.remarks.map((one) => one.say).join() ?? '', /only the first 2 octets/);
  const [broken] = (await explain(['DKIM-Signature: v=1; a=rsa-sha1; d=x.example; s=y; h=from; bh=; b=', ...rest]))
    .signatures;
  assert.match(broken?.remarks[0]?.say ?? '', /^it proves nothing: /);
});

test('an evaluation of today, and where it says something else than the header', async () => {
  const message = letter([
    ...head,
    results(
      'spf=pass smtp.mailfrom=ann@shop.example; dkim=pass header.d=shop.example; dmarc=pass header.from=shop.example',
    ),
    ...rest,
  ]);
  const zone = 'shop.example. 60 IN TXT "v=spf1 -all"\n_dmarc.shop.example. 60 IN TXT "v=DMARC1; p=reject"\n';
  const today = await authenticate(
    message,
    { remoteAddress: '192.0.2.1', helo: 'o1.esp.example', mailFrom: 'ann@shop.example' },
    { resolver: resolverFromZone(zone), clock: { nowMs: () => nowMs } },
  );
  const one = await explainMessage(message, { nowMs, today });
  assert.equal(one.alignment.evidence, 'today');
  assert.equal(one.reader[0]?.mark, 'warning');
  assert.deepEqual(one.today?.differences, [
    { what: 'SPF for shop.example', header: 'pass', today: 'fail' },
    { what: 'DKIM of shop.example', header: 'pass', today: 'no such signature' },
    { what: 'DMARC', header: 'pass', today: 'fail' },
  ]);
});

test('newsletters need one click, under a signature that holds, whoever it is by (RFC 8058 §4)', async () => {
  const list = ['List-Unsubscribe: <https://shop.example/u>', 'List-Unsubscribe-Post: List-Unsubscribe=One-Click'];
  const oneClick = async (fields: readonly string[]) =>
    (await explain([...fields, ...rest])).receivers[0]?.requirements.find(({ say }) => say.includes('one-click'))?.met;
  const signed =
    'DKIM-Signature: v=1; a=rsa-sha256; d=shop.example; s=one; h=From:List-Unsubscribe:List-Unsubscribe-Post; bh=zS7KNTV0HyeorkDDGwxB1AV6enuRKzO5rthkhdHIRnY=; b=AAAA';
  assert.equal(await oneClick([]), 'unknown');
  assert.equal(await oneClick(list), 'no');
  assert.equal(await oneClick([signed, ...list]), 'yes');
  assert.equal(await oneClick([signed.replace('d=shop', 'd=esp'), ...list]), 'yes');
  assert.equal(await oneClick([signed.replace('bh=zS7K', 'bh=AAAA'), ...list]), 'no');
  assert.equal(await oneClick([results('dkim=fail header.d=shop.example'), signed, ...list]), 'no');
});

test('results of one receiver in several fields are read together, down to what came with the message', async () => {
  const one = await explain([
    results('dmarc=pass header.from=shop.example'),
    results('dkim=pass header.d=shop.example'),
    ...head,
    results('spf=pass smtp.mailfrom=forged@shop.example'),
    ...rest,
  ]);
  assert.equal(one.alignment.verdict, 'aligned');
  assert.deepEqual(
    one.alignment.lines.map(({ by }) => by),
    ['dkim'],
  );
  assert.match(one.results[1]?.remarks[0]?.say ?? '', /same host as the top one/);
  assert.match(one.results[2]?.remarks[0]?.say ?? '', /made up by the sender/);
});

test('Microsoft 365 does not say who writes its results, and they count all the same', async () => {
  const field = (dmarc: string) =>
    `Authentication-Results: spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=shop.example; dkim=pass (signature was verified)\r\n header.d=shop.example;${dmarc} header.from=shop.example;compauth=pass reason=100`;
  const one = await explain([field('dmarc=pass action=none'), ...head, ...rest]);
  assert.deepEqual([one.alignment.evidence, one.alignment.by, one.alignment.verdict], ['header', undefined, 'aligned']);
  assert.deepEqual(
    one.results[0]?.results.map(({ method }) => method),
    ['spf', 'dkim', 'dmarc', 'compauth'],
  );
  assert.match(one.results[0]?.remarks[0]?.say ?? '', /does not say who wrote it/);
});

test('RFC 9989 §9.1: policy.dmarc is what the domain asks for, not what became of the message', async () => {
  const one = await explain([results('dmarc=fail header.from=shop.example policy.dmarc=reject'), ...head, ...rest]);
  const say = one.results[0]?.results[0]?.say ?? '';
  assert.match(say, /means reject$/);
  assert.doesNotMatch(say, /was refused/);
});

test('RFC 7208 §2.4: a bounce has no return path, so SPF was asked of the host itself', async () => {
  const one = await explain([results('spf=none smtp.helo=mx.shop.example'), ...head, ...rest]);
  assert.match(
    one.results[0]?.results[0]?.say ?? '',
    /^mx\.shop\.example has no SPF record \(what the host called itself/,
  );
});

test('nothing is claimed that the receiver did not note', async () => {
  const passed = await explain([results('dmarc=pass header.from=shop.example'), ...head, ...rest]);
  assert.equal(passed.alignment.verdict, 'aligned');
  const silent = await explain([results('iprev=pass policy.iprev=192.0.2.1'), ...head, ...rest]);
  assert.equal(silent.alignment.verdict, 'unknown');
  assert.ok(!silent.reader.some(({ mark }) => mark === 'question-mark'));
});

test('one house is not enough where DMARC asks for the very domain', async () => {
  const one = await explain([
    results('dkim=pass header.d=mail.shop.example; dmarc=fail (p=NONE) header.from=shop.example'),
    ...head,
    ...rest,
  ]);
  assert.equal(one.alignment.verdict, 'not-aligned');
  assert.equal(one.alignment.lines[0]?.counts, false);
  assert.match(one.alignment.lines[0]?.say ?? '', /adkim=s/);
});

test('relays of the receiver itself are not the way to it, attachments not the text that is cut', async () => {
  const inner =
    'Received: from filter (localhost [127.0.0.1]) by mx.receiver.example with ESMTP id 2; Fri, 21 Oct 2016 10:00:05 +0000';
  const one = await explain(
    [inner, (head[0] ?? '').replace('ESMTP', 'ESMTPS'), ...rest, 'Content-Type: application/zip; name=a.zip'],
    'x'.repeat(200_000),
  );
  assert.ok(!one.reader.some(({ mark }) => mark === 'open-padlock'));
  const cut = async (body: string) =>
    (await explain([...rest, 'Content-Type: text/html'], body)).receivers[0]?.requirements.find(({ say }) =>
      say.includes('102 KB'),
    )?.met;
  assert.equal(one.receivers[0]?.requirements.find(({ say }) => say.includes('102 KB'))?.met, 'yes');
  assert.equal(await cut('x'.repeat(200_000)), 'no');
});

test('a hostile header is explained in bounds', async () => {
  const one = await explain([
    ...Array.from({ length: 400 }, (_, at) => `Received: from ${'('.repeat(at)} by x; y`),
    ...Array.from({ length: 100 }, () => `Authentication-Results: ${'(('.repeat(300)}`),
    ...Array.from({ length: 100 }, () => 'DKIM-Signature: v=1; b=; h=:::;'),
    'From: a@b.example, c@d.example',
  ]);
  assert.ok(one.from.problem);
  assert.equal(one.reader[0]?.mark, 'warning');
  assert.ok(one.hops.length <= 60 && one.signatures.length <= 20 && one.results.length <= 90);
});

const suites = new URL('../../../../shared/suites/', import.meta.url);
const skip = existsSync(suites) ? false : '../shared/suites is not here';

test('real messages: every one is explained, and what their receivers noted is understood', { skip }, async () => {
  const folder = new URL('dkim-mailauth/', suites);
  const names = readdirSync(folder).filter((name) => name.endsWith('.eml'));
  assert.ok(names.length >= 8);
  for (const name of names) {
    const normal = normaliseLineEnds(readFileSync(new URL(name, folder)));
    assert.ok(normal.ok, name);
    const one = await explainMessage(normal.value, { nowMs });
    assert.ok(one.from.address !== undefined, name);
    assert.ok(
      one.hops.every(({ by, atMs }) => by !== undefined && atMs !== undefined),
      name,
    );
    const said = one.results.flatMap((each) => each.results.map(({ say }) => say));
    assert.deepEqual(
      said.filter((say) => say.includes('nobody knows')),
      [],
      name,
    );
  }
});

function metBy(one: Explanation, receiver: string): readonly string[] {
  return one.receivers.find((view) => view.receiver === receiver)?.requirements.map(({ met }) => met) ?? [];
}
