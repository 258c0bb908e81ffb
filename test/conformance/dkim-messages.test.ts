/** Real signed messages: those of mail-auth with their DNS, those of mailauth, of which most keys are no longer known. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { fixedClock } from '../../src/base/clock.ts';
import { verifyArc } from '../../src/protocol/arc/verify-arc.ts';
import { authenticate } from '../../src/protocol/authenticate.ts';
import { verifyDkim } from '../../src/protocol/dkim/verify-dkim.ts';
import type { DnsAnswer, RecordData, RecordType, Resolver } from '../../src/protocol/dns/types.ts';

const suites = new URL('../../../shared/suites/', import.meta.url);
const skipWithout = (name: string) =>
  existsSync(new URL(name, suites)) ? false : `../shared/suites/${name} is not here`;

/** The files have LF line ends; mail has CRLF. */
const asMail = (text: string) => Buffer.from(text.replace(/\r?\n/g, '\r\n'), 'latin1');

function txtResolver(records: ReadonlyMap<string, readonly string[]>): Resolver {
  return {
    lookup: async <T extends RecordType>(name: string, type: T): Promise<DnsAnswer<RecordData[T]>> => {
      const texts = type === 'TXT' ? records.get(name) : undefined;
      if (texts === undefined) return { kind: 'none', why: 'nxdomain', ttlSeconds: 60, secure: false };
      return { kind: 'found', records: texts as readonly RecordData[T][], ttlSeconds: 60, secure: false };
    },
  };
}

/** mail-auth's form: lines of `name value`, an empty line, the message. */
function readSample(path: string): { message: Buffer; resolver: Resolver } {
  const text = readFileSync(new URL(`mail-auth-stalwart-messages/${path}`, suites), 'latin1');
  const end = text.indexOf('\n\n');
  const records = text.slice(0, end).split('\n');
  const resolver = txtResolver(
    new Map(records.map((line) => [line.slice(0, line.indexOf(' ')), [line.slice(line.indexOf(' ') + 1)]])),
  );
  return { message: asMail(text.slice(end + 2)), resolver };
}

const november2022 = fixedClock(Date.parse('2022-11-08T09:33:20Z'));

const expected: Readonly<Record<string, { readonly dkim: readonly string[]; readonly arc: string }>> = {
  'dkim/001.txt': { dkim: ['pass', 'pass'], arc: 'none' },
  'dkim/002.txt': { dkim: ['pass'], arc: 'none' },
  'dkim/003.txt': { dkim: ['pass', 'pass'], arc: 'none' },
  'dkim/004.txt': { dkim: ['pass'], arc: 'none' },
  'dkim/005.txt': { dkim: ['pass'], arc: 'none' },
  'dkim/006.txt': { dkim: ['pass'], arc: 'none' },
  // the list changed subject and text, then signed: the author's own signature is broken, its own two are not
  'arc/001.txt': { dkim: ['pass', 'pass', 'fail'], arc: 'pass' },
  'arc/002.txt': { dkim: ['pass'], arc: 'pass' },
};

test('RFC 6376, RFC 8463, RFC 8617: the messages of mail-auth with their keys', {
  skip: skipWithout('mail-auth-stalwart-messages'),
}, async () => {
  for (const [path, want] of Object.entries(expected)) {
    const { message, resolver } = readSample(path);
    const deps = { resolver, clock: november2022 };
    assert.deepEqual(
      (await verifyDkim(message, deps)).map(({ result }) => result),
      want.dkim,
      path,
    );
    assert.equal((await verifyArc(message, deps)).result, want.arc, path);
  }
});

test('RFC 6376 §3.5 (x=): the message with an expiry, a week later', {
  skip: skipWithout('mail-auth-stalwart-messages'),
}, async () => {
  const { message, resolver } = readSample('dkim/005.txt');
  const [result] = await verifyDkim(message, { resolver, clock: fixedClock(Date.parse('2022-11-15T00:00:00Z')) });
  assert.equal(result?.problem, 'expired');
});

test('RFC 8463 §A: the dual-signed message of mailauth', { skip: skipWithout('dkim-mailauth/ec') }, async () => {
  const zone = JSON.parse(readFileSync(new URL('dkim-mailauth/ec/dns.json', suites), 'utf8')) as Record<
    string,
    { TXT: string[][] }
  >;
  const resolver = txtResolver(
    new Map(Object.entries(zone).map(([name, { TXT }]) => [name, TXT.map((strings) => strings.join(''))])),
  );
  const message = asMail(readFileSync(new URL('dkim-mailauth/ec/signed.eml', suites), 'latin1'));
  const results = await verifyDkim(message, { resolver, clock: november2022 });
  assert.deepEqual(
    results.map(({ result, algorithm }) => [algorithm, result]),
    [
      ['ed25519-sha256', 'pass'],
      ['rsa-sha256', 'pass'],
    ],
  );
});

test('the other messages of mailauth: each signature and chain can be read, only the keys are missing', {
  skip: skipWithout('dkim-mailauth'),
}, async () => {
  const folder = new URL('dkim-mailauth/', suites);
  const resolver = txtResolver(new Map());
  const session = { remoteAddress: '192.0.2.1', helo: 'mx.example', mailFrom: 'a@example.com' };
  let signatures = 0;
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.eml'))) {
    const report = await authenticate(asMail(readFileSync(new URL(name, folder), 'latin1')), session, {
      resolver,
      clock: november2022,
    });
    for (const { problem, domain, selector } of report.dkim) {
      assert.deepEqual([problem, domain !== '', selector !== ''], ['key-missing', true, true], name);
      signatures++;
    }
    assert.equal(report.author.kind, 'one', name);
    // the newest hop of arc-fail3 found the chain broken; the others lack nothing but their keys
    const reasons = [
      undefined,
      'the newest message signature: there is no key at this selector',
      'instance 2 found the chain broken (cv=fail)',
    ];
    assert.ok(reasons.includes(report.arc.reason), `${name}: ${report.arc.reason}`);
  }
  assert.equal(signatures, 15);
});
