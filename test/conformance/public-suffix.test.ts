/** The test lines of publicsuffix.org through the list that the RFC 7489 view of DMARC uses. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { parseDomainName } from '../../src/format/domain-name.ts';
import { loadPublicSuffixes } from '../../src/protocol/dmarc/public-suffix.ts';

const file = new URL('../../../shared/suites/publicsuffix/test_psl.txt', import.meta.url);
const skip = existsSync(file) ? false : '../shared/suites/publicsuffix is not here';

test('RFC 7489 §3.2: every line of test_psl.txt', { skip }, async () => {
  const suffixes = await loadPublicSuffixes();
  const lines = [...readFileSync(file, 'utf8').matchAll(/^checkPublicSuffix\((?:'(.*)'|null), (?:'(.*)'|null)\);/gm)];
  assert.equal(lines.length, 78);
  const wrong = lines.flatMap(([line, asked = '', expected]) => {
    const domain = parseDomainName(asked); // both spellings of an internationalised name are one here
    const found = domain && suffixes.organizationalDomain(domain);
    return found === (expected && parseDomainName(expected)) ? [] : [`${line} gave ${found}`];
  });
  assert.deepEqual(wrong, []);
});
