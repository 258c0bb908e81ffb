import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../test/support/any-character.ts';
import { domain } from '../../../test/support/temp-office.ts';
import { utf8 } from '../../base/bytes.ts';
import { createIds } from '../../base/id.ts';
import { seededRandom } from '../../base/random.ts';
import { parsePath } from '../../format/address.ts';
import {
  bounceDomainOf,
  domainOfBounceHost,
  madeAtMs,
  type ReturnPathSubject,
  readReturnPath,
  writeReturnPath,
} from './return-path.ts';

const key = utf8('a secret of this office, 32 octets');
const nowMs = Date.UTC(2026, 10, 22, 9, 55, 6);
const ids = createIds({ nowMs: () => nowMs }, seededRandom(1));
const example = domain('example.com');

function localPartOf(address: string): string {
  return address.slice(0, address.indexOf('@'));
}

const subjects: readonly ReturnPathSubject[] = [ids.next('em'), ids.next('del')];

test('what was written is read again, for messages and for deliveries', () => {
  for (const subject of subjects) {
    const address = writeReturnPath(key, subject, example);
    assert.match(address, /^b\+[md][0-9a-z]{26}\.[0-9a-z]{16}@bounce\.example\.com$/);
    assert.equal(readReturnPath(key, localPartOf(address)), subject);
    assert.equal(writeReturnPath(key, subject, example), address, 'the same over all retries (greylisting)');
  }
});

test('MAIL_RULES 1: at most 64 octets before the @, a path like any other, case does not matter', () => {
  for (const subject of subjects) {
    const address = writeReturnPath(key, subject, example);
    const path = parsePath(`<${address}>`);
    assert.ok(path.ok && path.value.kind === 'mailbox');
    assert.ok(path.value.mailbox.local.length <= 64);
    assert.equal(address, address.toLowerCase());
    assert.equal(readReturnPath(key, path.value.mailbox.local.toUpperCase()), subject);
  }
});

test('MAIL_RULES 1: the MAC has 80 bit, and each of its characters counts', () => {
  for (const subject of subjects) {
    const local = localPartOf(writeReturnPath(key, subject, example));
    const mac = local.slice(local.indexOf('.') + 1);
    assert.ok(mac.length * 5 >= 80);
    for (let at = 2; at < local.length; at++) {
      const other = local[at] === 'x' ? 'y' : 'x';
      assert.equal(readReturnPath(key, local.slice(0, at) + other + local.slice(at + 1)), undefined, `octet ${at}`);
    }
  }
});

test('another office cannot write one, and a message is not a delivery', () => {
  const [message] = subjects;
  assert.ok(message);
  const local = localPartOf(writeReturnPath(key, message, example));
  assert.equal(readReturnPath(utf8('another secret'), local), undefined);
  assert.equal(readReturnPath(key, local.replace('b+m', 'b+d')), undefined);
});

test('anything else is nobody we know, and never throws', () => {
  const local = localPartOf(writeReturnPath(key, subjects[0] as ReturnPathSubject, example));
  for (const text of [
    '',
    'b+',
    'postmaster',
    `${local} `,
    ` ${local}`,
    `${local}x`,
    `x${local}`,
    `${local}\n`,
    local.slice(1),
  ])
    assert.equal(readReturnPath(key, text), undefined, JSON.stringify(text));
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (text) => readReturnPath(key, text) === undefined),
    { numRuns: 300 },
  );
  // letters that become ASCII when folded: U+212A is a kelvin sign
  assert.equal(readReturnPath(key, local.replace(/k/g, '\u212a')), local.includes('k') ? undefined : subjects[0]);
});

test('the time of an id is the time it was made, whatever the time', () => {
  fc.assert(
    fc.property(fc.nat({ max: 281_474_976_710_655 }), fc.integer(), (atMs, seed) => {
      const made = createIds({ nowMs: () => atMs }, seededRandom(seed));
      return madeAtMs(made.next('em')) === atMs && madeAtMs(made.next('del')) === atMs;
    }),
    { numRuns: 300 },
  );
});

test('the bounce host of a domain and back', () => {
  assert.equal(bounceDomainOf(example), 'bounce.example.com');
  assert.equal(domainOfBounceHost(bounceDomainOf(example)), example);
  for (const host of ['example.com', 'bounces.example.com', 'xbounce.example.com', 'a.bounce.example.com'])
    assert.equal(domainOfBounceHost(domain(host)), undefined, host);
});
