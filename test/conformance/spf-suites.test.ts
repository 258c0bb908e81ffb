/** The published openspf suites for RFC 7208 and RFC 4408, every case through `evaluateSpf` over its zone text. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { fixedClock } from '../../src/base/clock.ts';
import { resolverFromZone } from '../../src/protocol/dns/zone-resolver.ts';
import { evaluateSpf } from '../../src/protocol/spf/evaluate-spf.ts';

const suites = new URL('../../../shared/suites/jsonl/', import.meta.url);

type Case = {
  readonly id: string;
  readonly remote_address: string;
  readonly helo: string;
  readonly mail_from: string;
  readonly zone: string;
  readonly clock: string;
};
type Expected = { readonly id: string; readonly results: readonly string[]; readonly explanation?: string };

function readLines<T>(name: string): T[] {
  const text = readFileSync(new URL(name, suites), 'utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
}

for (const { name, cases, explanations } of [
  { name: 'spf-rfc7208', cases: 203, explanations: 22 },
  { name: 'spf-rfc4408', cases: 191, explanations: 22 },
]) {
  const skip = existsSync(new URL(`${name}.in.jsonl`, suites)) ? false : `../shared/suites/jsonl/${name} is not here`;

  test(`${name}: every result and every explanation of the suite`, { skip }, async () => {
    const expected = new Map(readLines<Expected>(`${name}.expect.jsonl`).map((one) => [one.id, one]));
    const wrong: string[] = [];
    const notFirst: string[] = [];
    let judged = 0;
    let explained = 0;
    for (const one of readLines<Case>(`${name}.in.jsonl`)) {
      const want = expected.get(one.id);
      assert.ok(want, `${one.id} has no expectation`);
      const session = { remoteAddress: one.remote_address, helo: one.helo, mailFrom: one.mail_from };
      const options = { clock: fixedClock(Date.parse(one.clock)) };
      const resolver = resolverFromZone(one.zone);
      const got = await evaluateSpf(resolver, session, options);
      const waitedFor = await evaluateSpf({ lookup: resolver.lookup }, session, options);
      assert.deepEqual(waitedFor, got); // that an answer is at hand changes nothing
      judged++;
      if (!want.results.includes(got.result)) wrong.push(`${one.id}: ${got.result}\n  ${got.trace.join('\n  ')}`);
      if (got.result !== want.results[0]) notFirst.push(one.id);
      if (want.explanation === undefined) continue;
      explained++;
      // RFC 7208 §7.4 prints lower-case nibbles where the suite has upper case (v-macro-ip6)
      const same =
        want.explanation === 'DEFAULT'
          ? got.explanation === undefined
          : got.explanation?.toLowerCase() === want.explanation.toLowerCase();
      if (!same) wrong.push(`${one.id}: explanation ${got.explanation}`);
    }
    assert.deepEqual(wrong, []);
    assert.equal(judged, cases);
    assert.equal(explained, explanations);
    if (name === 'spf-rfc7208') assert.deepEqual(notFirst, []); // where the suite allows several results, we give the preferred one
  });
}
