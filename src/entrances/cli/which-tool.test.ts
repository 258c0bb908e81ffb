import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli } from '../../../test/support/fake-cli.ts';
import { recordText, whichTool } from './which-tool.ts';

const wordsFor: Readonly<Record<string, string>> = {
  'example.com': 'check example.com',
  'example.com.': 'check example.com',
  'https://www.example.com/shop?x=1': 'check example.com',
  'ann@example.com': 'check example.com',
  'Ann <ann@example.com>': 'check example.com',
  '192.0.2.10': 'blocklists 192.0.2.10',
  '2001:db8::1': 'blocklists 2001:db8::1',
  'ph1._domainkey.example.com': 'check example.com --selector ph1',
  '_dmarc.example.com': 'dmarc show example.com',
  '_mta-sts.example.com': 'mta-sts show example.com',
  '_smtp._tls.example.com': 'check example.com',
  'include:_spf.example.com': 'spf tree _spf.example.com',
  '550 5.1.1 no such user': 'explain-bounce 550 5.1.1 no such user',
  '5.7.515': 'explain-bounce 5.7.515',
  '421-4.7.0 slow': 'explain-bounce 421-4.7.0 slow',
  'example.com. 3600 IN MX 10 mx.example.com.': 'check example.com',
  'ph1._domainkey.example.com. CNAME k.example.net.': 'check example.com --selector ph1',
  'connect to mx.example.org[192.0.2.1]:25: Connection timed out':
    'explain-bounce connect to mx.example.org[192.0.2.1]:25: Connection timed out',
};

for (const [given, words] of Object.entries(wordsFor)) {
  test(`${given} -> ${words}`, () => {
    const tool = whichTool(given);
    assert.equal(tool?.kind === 'command' && tool.words.join(' '), words);
  });
}

test('records and header lines have tools of their own, and nonsense has none', () => {
  assert.equal(whichTool('v=spf1 -all')?.kind, 'record');
  assert.equal(whichTool('v=BIMI1; l=')?.kind, 'record');
  assert.equal(whichTool('Received: from a by b; Sun, 22 Nov 2026 10:00:00 +0000')?.kind, 'header');
  for (const nothing of ['', 'hello', 'hello you', '-', '...', '999.1.1.1', 'a..b', '@', '550x']) {
    assert.equal(whichTool(nothing), undefined, nothing);
  }
});

test('tools: the other command is named, run with the shared options, and its exit code handed on', async () => {
  const zone = { z: 'example.com. A 192.0.2.1\n_dmarc.example.com. TXT "v=DMARC1; p=reject"\n' };
  const told = await cli('tools _dmarc.example.com --zone z --json', { files: zone });
  assert.equal(told.code, 0, told.err);
  assert.match(told.err, /posthorn dmarc show example\.com/);
  assert.match(told.out, /"p=reject|"reject"/);
  const wrong = await cli('tools include:nowhere.example --zone z', { files: zone });
  assert.equal(wrong.code, (await cli('spf tree nowhere.example --zone z', { files: zone })).code);
});

test('a record is the same in quotes, in several strings, as a line of dig or of a zone', () => {
  for (const given of [
    '"v=spf1 -all"',
    '"v=spf1 " "-all"',
    'example.com. 3600 IN TXT "v=spf1 -all"',
    'example.com TXT "v=spf1" " -all"',
    'example.com. IN TXT v=spf1 -all',
  ]) {
    assert.equal(recordText(given), 'v=spf1 -all', given);
    assert.equal(whichTool(given)?.kind, 'record', given);
  }
  assert.equal(whichTool('example.com. IN TXT "hello"')?.kind, undefined);
});

test('tools: the id of a check, of the doctor and of the score', async () => {
  const { code, out } = await cli('tools spf-05');
  assert.equal(code, 0);
  assert.match(out, /^SPF-05 {2}\S.*\n {2}fails \S[\s\S]*\n {2}why {3}\S[\s\S]*\n {2}fix {3}\S/);
  assert.ok(out.split('\n').every((line) => line.length <= 80));
  assert.match((await cli('tools MSG-20 --json')).out, /"id": "MSG-20"/);
  assert.equal((await cli('tools SPF-99')).code, 65);
});

test('tools: some lines of a header are explained without what they leave out', async () => {
  const lines = 'Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=a@example.com';
  const { out } = await cli(['tools', lines]);
  assert.match(out, /^What receivers noted\n/);
  assert.doesNotMatch(out, /refuse it|\(none\)|no Received|Signatures/);
  assert.match((await cli(['tools', 'X-Mailer: one'])).out, /^None of these fields says/);
});

test('tools: the id of a sender, and a record as dig prints it', async () => {
  assert.match((await cli('tools sendgrid')).err, /a service that sends: posthorn senders show sendgrid/);
  assert.match((await cli(['tools', '_dmarc.example.com. 60 IN TXT "v=DMARC1; " "p=none"'])).out, /^DMARC/);
});

test('tools: a record, header lines, files, the standard input', async () => {
  const record = await cli(['tools', 'v=DMARC1; p=none; pct=50']);
  assert.match(record.out, /^DMARC .*\n(?:.*\n)* {2}p=none\n.*let it through/);
  assert.match((await cli(['tools', 'Received: from a.example by b.example'])).out, /b\.example/);
  const message = 'From: a@example.com\nSubject: hi\n\nhello\n';
  assert.match((await cli('tools m.eml', { files: { 'm.eml': message } })).err, /a message: posthorn explain m\.eml/);
  assert.match((await cli('tools -', { input: message })).err, /a message: posthorn explain -/);
  assert.match((await cli('tools -', { input: '550 5.1.1 no such user\n' })).out, /no such mailbox/);
  const nothing = await cli('tools hello');
  assert.equal(nothing.code, 65);
  assert.match(nothing.err, /it takes a domain, an address, [\s\S]*next: posthorn tools example\.com/);
});
