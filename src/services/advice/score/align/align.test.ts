import assert from 'node:assert/strict';
import test from 'node:test';
import { fromLatin1 } from '../../../../base/bytes.ts';
import { resolverFromZone } from '../../../../protocol/dns/zone-resolver.ts';
import type { Finding } from '../../types.ts';
import { scoreMessage } from '../score.ts';
import { type AlignmentCheckId, alignmentChecks } from './checks.ts';

const clock = { nowMs: () => Date.UTC(2026, 10, 22) };
const rest = [
  'To: bob@b.example',
  'Subject: x',
  'Date: Sun, 22 Nov 2026 09:59:59 +0000',
  'Message-ID: <1@shop.example>',
];
const from = 'From: Ann <ann@shop.example>';
const noted = (text: string) => `Authentication-Results: mx.b.example; ${text}`;
const signature = (tags: string) =>
  `DKIM-Signature: v=1; a=rsa-sha256; d=shop.example; s=s; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA; ${tags}`;
const covering = 'h=From:From:Subject:Subject:Date:To:Message-ID';
const own = noted(
  'dkim=pass header.d=shop.example; spf=pass smtp.mailfrom=b@shop.example; dmarc=pass header.from=shop.example',
);

/** As its receiver noted it: nothing is looked up. */
async function findingOf(id: AlignmentCheckId, fields: readonly string[]): Promise<Finding> {
  const message = fromLatin1(`${fields.join('\r\n')}\r\n\r\nhello\r\n`);
  const { findings } = await scoreMessage(message, {}, { resolver: resolverFromZone(''), clock });
  const found = findings.filter((one) => one.id === id);
  assert.equal(found.length, 1);
  return found[0] as Finding;
}

const cases: Readonly<
  Record<
    AlignmentCheckId,
    { readonly pass: readonly string[]; readonly fail: readonly string[]; readonly says: RegExp }
  >
> = {
  'ALN-01': {
    pass: [own, from, ...rest],
    fail: [noted('spf=softfail smtp.mailfrom=b@shop.example; dkim=none; dmarc=fail (p=REJECT)'), from, ...rest],
    says: /^Nothing proves that shop\.example sent it, and its DMARC record asks to reject such mail\.$/,
  },
  'ALN-02': {
    pass: [own, from, ...rest],
    fail: [noted('dkim=pass header.d=esp.example; spf=none; dmarc=fail (p=NONE)'), from, ...rest],
    says: /^It is signed by esp\.example, and that is not shop\.example/,
  },
  'ALN-03': {
    pass: [own, from, ...rest],
    fail: [noted('spf=pass smtp.mailfrom=b@esp.example; dkim=none; dmarc=fail (p=NONE)'), from, ...rest],
    says: /^Bounces go to esp\.example, another domain: that SPF passes there says nothing about shop\.example\.$/,
  },
  'ALN-04': {
    pass: [own, from, ...rest],
    fail: [noted('spf=pass smtp.mailfrom=b@shop.example; dkim=none; dmarc=pass (p=NONE)'), from, ...rest],
    says: /^Only SPF speaks for shop\.example/,
  },
  'ALN-05': {
    pass: [own, from, ...rest],
    fail: [own, 'From: ann@shop.example, bob@other.example', ...rest],
    says: /^Nobody can tell who wrote it/,
  },
  'ALN-06': {
    pass: [own, from, 'Reply-To: help@mail.shop.example', ...rest],
    fail: [own, from, 'Reply-To: ann@mailbox.example', 'Sender: x@esp.example', ...rest],
    says: /^Sender is at esp\.example, Reply-To is at mailbox\.example, not at shop\.example/,
  },
  'ALN-07': {
    pass: [own, from, ...rest],
    fail: [
      noted('dkim=pass header.d=esp.example; spf=pass smtp.mailfrom=b@bounce.esp.example; dmarc=fail'),
      from,
      ...rest,
    ],
    says: /"via esp\.example".*mailed-by: bounce\.esp\.example and signed-by: esp\.example/,
  },
  'ALN-08': {
    pass: [own, signature(covering), from, ...rest],
    fail: [own, signature('h=From:Date'), from, 'List-Unsubscribe: <https://shop.example/u>', ...rest],
    says: /change it: Subject, List-Unsubscribe\.$/,
  },
  'ALN-09': {
    pass: [own, signature(covering), from, ...rest],
    fail: [own, signature(`l=3; ${covering}`), from, ...rest],
    says: /shop\.example \(l=3\)/,
  },
  'ALN-10': {
    pass: [own, signature(`x=1700000000; ${covering}`), from, ...rest],
    fail: [noted('dkim=permerror header.d=shop.example'), signature(`x=1700000000; ${covering}`), from, ...rest],
    says: /shop\.example at 2023-11-14 22:13:20 UTC\.$/,
  },
  'ALN-11': {
    pass: [own, signature(covering), from, ...rest],
    fail: [own, signature('h=From:Subject:Date'), from, 'Subject: you have won', ...rest],
    says: /^Subject stands there more often than it is signed/,
  },
};

for (const [id, { pass, fail, says }] of Object.entries(cases) as [AlignmentCheckId, (typeof cases)['ALN-01']][]) {
  test(`${id}: ${alignmentChecks[id].fails}`, async () => {
    const passed = await findingOf(id, pass);
    assert.equal(passed.status, 'pass', passed.meaning);
    assert.equal(passed.fix, undefined);
    const failed = await findingOf(id, fail);
    assert.equal(failed.status, 'fail', failed.meaning);
    assert.match(failed.meaning, says);
    assert.ok((failed.fix?.steps?.length ?? 0) > 0);
  });
}

test('what nobody noted is unknown or skipped, never a pass', async () => {
  const bare = [noted('x-other=pass'), signature(covering), from, ...rest];
  const statuses = await Promise.all(
    (['ALN-01', 'ALN-02', 'ALN-03', 'ALN-04', 'ALN-07', 'ALN-08', 'ALN-11'] as const).map(async (id) => [
      id,
      (await findingOf(id, bare)).status,
    ]),
  );
  assert.deepEqual(Object.fromEntries(statuses), {
    'ALN-01': 'unknown',
    'ALN-02': 'skip',
    'ALN-03': 'skip',
    'ALN-04': 'skip',
    'ALN-07': 'unknown',
    'ALN-08': 'skip',
    'ALN-11': 'skip',
  });
});

test('a signature of the domain itself makes a foreign return path a matter of taste', async () => {
  const finding = await findingOf('ALN-03', [
    noted('dkim=pass header.d=shop.example; spf=pass smtp.mailfrom=b@esp.example; dmarc=pass'),
    from,
    ...rest,
  ]);
  assert.deepEqual([finding.status, finding.severity], ['fail', 'advice']);
});
