import assert from 'node:assert/strict';
import test from 'node:test';
import { cli } from '../../../test/support/fake-cli.ts';

const message = [
  'Received: from o1.esp.example (o1.esp.example [192.0.2.1]) by mx.receiver.example with ESMTPS id 1; Fri, 21 Oct 2016 10:00:04 +0000',
  'Return-Path: <b@shop.example>',
  'Authentication-Results: mx.receiver.example; spf=pass smtp.mailfrom=b@shop.example; dmarc=pass header.from=shop.example',
  'From: Ann <ann@shop.example>',
  `Subject: \u001b[31mred ${'and a long way to go '.repeat(8)}`,
  '',
  'hello',
  '',
].join('\n');
const files = { 'm.eml': message, zone: 'shop.example. TXT "v=spf1 ip4:192.0.2.1 -all"\n' };

test('explain prints a page that fits 80 columns and drives no terminal', async () => {
  const { code, out } = await cli('explain m.eml', { files });
  assert.equal(code, 0);
  assert.match(out, /In short\n {2}\+ SPF speaks for shop\.example/);
  assert.doesNotMatch(out, /\u001b/);
  assert.deepEqual(
    out.split('\n').filter((line) => line.length > 80),
    [],
  );
});

test('with --verify it is judged afresh, by what the header says of the client unless told', async () => {
  const { code, out, err } = await cli('explain m.eml --verify --zone zone --json', { files });
  assert.equal(code, 0);
  assert.match(err, /judged as sent by 192\.0\.2\.1 \(o1\.esp\.example\) with return path <b@shop\.example>/);
  const document = JSON.parse(out);
  assert.equal(document.today.spf.result, 'pass');
  assert.deepEqual(document.today.differences, [{ what: 'DMARC', header: 'pass', today: 'none' }]);
  assert.equal(document.hops[0].at, '2016-10-21T10:00:04.000Z');
  const other = await cli('explain m.eml --ip 198.51.100.1 --zone zone --json --quiet', { files });
  assert.equal(JSON.parse(other.out).today.spf.result, 'fail');
});

test('what is missing is said with the next step', async () => {
  const bare = await cli('explain - --verify --zone zone', { files, input: 'From: a@b.example\n\nx\n' });
  assert.equal(bare.code, 65);
  assert.match(bare.err, /does not say who sent it[\s\S]*--ip ADDRESS/);
  assert.equal((await cli('explain m.eml --ip nonsense --zone zone', { files })).code, 65);
});
