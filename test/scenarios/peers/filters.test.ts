/** rspamd and SpamAssassin give their opinion of a message, and what they say becomes part of its score. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createRspamdFilter } from '../../../src/adapters/filters/rspamd.ts';
import { createSpamdFilter } from '../../../src/adapters/filters/spamd.ts';
import { createNodeNet } from '../../../src/adapters/net/node-net.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { resolverFromZone } from '../../../src/protocol/dns/zone-resolver.ts';
import { createScorer } from '../../../src/services/advice/advice.ts';
import type { MessageFilter } from '../../../src/services/advice/score/content/types.ts';
import { type SpamFilter, startRspamd, startSpamd } from '../../support/peers/spam-filters.ts';
import { noProgram, peersMissing } from '../../support/peers/wanted.ts';

const good = `Received: from mx.example.com (mx.example.com [192.0.2.1])\r
 by mx.example.net with ESMTPS; Sun, 22 Nov 2026 09:55:07 +0000\r
From: Ann Example <ann@example.com>\r
To: Bob Example <bob@example.net>\r
Subject: The plan for next week\r
Date: Sun, 22 Nov 2026 09:55:06 +0000\r
Message-ID: <20261122095506.1@example.com>\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=us-ascii\r
\r
Hello Bob,\r
\r
we meet on Monday at nine. Please bring the list of the last week with you.\r
\r
Regards, Ann\r
`;
/** The text that every spam filter takes for spam, so that filters can be tried. */
const gtube = 'XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X';
const bad = good.replace('we meet', `${gtube}\r\n\r\nwe meet`);
const shouted = good.replace('The plan for next week', 'BUY NOW THE CHEAPEST WATCHES').replace(/To: .*\r\n/, '');

const session = { remoteAddress: '192.0.2.1', helo: 'mx.example.com', mailFrom: 'ann@example.com' };

function scenarios(filter: () => MessageFilter): void {
  test('an ordinary letter gets no points', async () => {
    const verdict = await filter().judge(utf8(good), session);
    assert.equal(verdict.problem, undefined);
    assert.ok((verdict.points ?? 99) < 2, JSON.stringify(verdict));
  });

  test('spam gets more than the filter bears', async () => {
    const verdict = await filter().judge(utf8(bad), session);
    assert.ok((verdict.points ?? 0) >= (verdict.spamFrom ?? 99), JSON.stringify(verdict));
  });

  test('the symbols say what the points are for', async () => {
    const { points = 0, symbols } = await filter().judge(utf8(shouted), session);
    const caps = symbols.find(({ name }) => name.includes('ALL_CAPS'));
    assert.ok((caps?.points ?? 0) > 0 && caps?.say !== undefined, JSON.stringify(symbols));
    const sum = symbols.reduce((all, one) => all + one.points, 0);
    assert.ok(Math.abs(sum - points) < 0.5, `${sum} of ${points}`);
  });

  test('what it says is in the score: points x 0.4, and never more than content may cost', async () => {
    const zone = resolverFromZone('example.com. TXT "v=spf1 ip4:192.0.2.1 -all"\n');
    const scorer = createScorer({ resolver: zone, filters: [filter()] });
    const { findings, deductions, filters } = await scorer.scoreMessage(utf8(shouted), session);
    const found = findings.find(({ id }) => id === 'MSG-20');
    const points = filters?.[0]?.points ?? 0;
    assert.ok(points > 0, JSON.stringify(filters));
    assert.equal(found?.status, 'fail');
    assert.ok((found?.evidence.length ?? 0) > 0);
    const charged = deductions.find(({ check }) => check === 'MSG-20');
    assert.equal(charged?.fullTenths, Math.round(points * 4));
    const worst = await scorer.scoreMessage(utf8(bad), session);
    const content = worst.deductions.filter(({ category }) => category === 'content');
    assert.equal(
      content.reduce((sum, { tenths }) => sum + tenths, 0),
      30,
    );
  });
}

function peer(name: string, start: () => Promise<SpamFilter>, filterAt: (port: number) => MessageFilter): void {
  describe(name, { skip: peersMissing(noProgram(name)) }, () => {
    let server: SpamFilter | undefined;
    before(async () => {
      server = await start();
    });
    after(() => server?.[Symbol.asyncDispose]());
    scenarios(() => filterAt(server?.port ?? 0));
  });
}

peer('rspamd', startRspamd, (port) =>
  createRspamdFilter({ url: `http://127.0.0.1:${port}`, timers: systemClock, timeMs: 20_000 }),
);
peer('spamd', startSpamd, (port) =>
  createSpamdFilter({ at: { address: '127.0.0.1', port }, net: createNodeNet(), timers: systemClock, timeMs: 20_000 }),
);
