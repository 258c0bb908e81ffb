/** The ValiMail ARC suite, every validation case through `verifyArc` over its zone text; two cases decided by RFC 6376. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { fixedClock } from '../../src/base/clock.ts';
import { verifyArc } from '../../src/protocol/arc/verify-arc.ts';
import { resolverFromZone } from '../../src/protocol/dns/zone-resolver.ts';

const suites = new URL('../../../shared/suites/jsonl/', import.meta.url);
const skip = existsSync(new URL('arc-valimail.in.jsonl', suites))
  ? false
  : '../shared/suites/jsonl/arc-valimail is not here';

type Case = { readonly id: string; readonly message: string; readonly zone: string; readonly clock: string };
type Expected = { readonly id: string; readonly result: string };

function readLines<T>(name: string): T[] {
  const text = readFileSync(new URL(name, suites), 'utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
}

test('RFC 8617: every verdict of arc-valimail', { skip }, async () => {
  const expected = new Map(readLines<Expected>('arc-valimail.expect.jsonl').map((one) => [one.id, one.result]));
  const wrong: string[] = [];
  let judged = 0;
  for (const one of readLines<Case>('arc-valimail.in.jsonl')) {
    const got = await verifyArc(Buffer.from(one.message, 'base64'), {
      resolver: resolverFromZone(one.zone),
      clock: fixedClock(Date.parse(one.clock)),
    });
    judged++;
    if (got.result !== expected.get(one.id))
      wrong.push(`${one.id}: ${got.result} (${got.reason}), not ${expected.get(one.id)}`);
    if (one.id.startsWith('cv_pass_')) {
      assert.ok(got.chain.length > 0 && got.chain.every(({ seal }) => seal === 'pass'), one.id);
    }
    if (one.id === 'cv_pass_i2_1') assert.equal(got.oldestPass, 0);
    // RFC 8617 §5.2 (5): the first message signature broke on the way, the second was made after that
    if (one.id === 'cv_pass_i2_1_ams1_invalid') assert.equal(got.oldestPass, 2);
  }
  assert.deepEqual(wrong, []);
  assert.equal(judged, 171);
});
