/**
 * The signing cases of the ValiMail ARC suite: what we add passes here, and in dkimpy and Mail::DKIM where the system has them. The
 * suite's own field values cannot be compared: tags may stand in any order, and ours say t= and h= elsewhere.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { fixedClock } from '../../src/base/clock.ts';
import type { DomainName } from '../../src/format/domain-name.ts';
import { fieldBody, fieldsNamed, indexMessage } from '../../src/format/message/message-index.ts';
import { sealArc } from '../../src/protocol/arc/seal-arc.ts';
import { verifyArc } from '../../src/protocol/arc/verify-arc.ts';
import { parseAuthenticationResults } from '../../src/protocol/auth-results/parse-auth-results.ts';
import { resolverFromZone } from '../../src/protocol/dns/zone-resolver.ts';

const file = new URL('../../../shared/suites/arc-valimail/arc-draft-sign-tests.yml', import.meta.url);
const skip = existsSync(file) ? false : '../shared/suites/arc-valimail is not here';

type Case = { readonly name: string; readonly message: Buffer; readonly names: string[]; readonly signedAt: number };

/** The little YAML of this file: names at two blanks, members at four, block texts deeper. */
function readSuite(yaml: string): { cases: Case[]; pem: string; keyText: string } {
  const block = (text: string, name: string, indent: number) => {
    const lead = ' '.repeat(indent);
    const found = new RegExp(`^${lead}${name}: *\\|\\n((?:${lead}  .*\\n| *\\n)*)`, 'm').exec(text)?.[1] ?? '';
    return found.replaceAll(new RegExp(`^${lead}  `, 'gm'), '');
  };
  const member = (text: string, name: string) => new RegExp(`^    ${name}: *(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const cases = yaml
    .split(/^ {2}(?=[a-z0-9_]+:\n {4}spec:)/m)
    .slice(1)
    .map((text) => ({
      name: text.slice(0, text.indexOf(':')),
      message: Buffer.from(`${block(text, 'message', 4).replace(/\n+$/, '')}\n`.replaceAll('\n', '\r\n'), 'latin1'),
      names: member(text, 'sig-headers').toLowerCase().split(':'),
      signedAt: Number(member(text, 't')),
    }));
  const keyText = block(yaml, 'dummy._domainkey.example.org', 2).replaceAll('\n', '');
  return { cases, pem: block(yaml, 'privatekey', 0), keyText };
}

async function sealAll(): Promise<{ sealed: Map<string, Buffer>; refused: string[]; keyText: string }> {
  const { cases, pem, keyText } = readSuite(readFileSync(file, 'utf8'));
  assert.equal(cases.length, 17);
  const key = {
    domain: 'example.org' as DomainName,
    selector: 'dummy',
    algorithm: 'rsa-sha256' as const,
    privateKey: createPrivateKey(pem),
  };
  const sealed = new Map<string, Buffer>();
  const refused: string[] = [];
  for (const { name, message, names, signedAt } of cases) {
    const index = indexMessage(message);
    const results = fieldsNamed(index, 'authentication-results').flatMap((field) => {
      const read = parseAuthenticationResults(fieldBody(index, field));
      return read.ok && read.value.authservId === 'lists.example.org' ? read.value.results : [];
    });
    const said = results.find(({ method }) => method === 'arc')?.result ?? 'fail';
    const arc = { result: said as 'none' | 'pass' | 'fail' };
    const request = { arc, authservId: 'lists.example.org', results, key, nowSeconds: signedAt, fieldNames: names };
    const fields = await sealArc(index, request);
    if (fields === undefined) refused.push(name);
    else sealed.set(name, Buffer.concat([fields, message]));
  }
  return { sealed, refused, keyText };
}

/** The chain as it should come out: cases named so start from a chain that the message no longer fits. */
const isOfBrokenChain = (name: string) => name.endsWith('_fail');

test('RFC 8617 §5.1: 17 of 17 signing cases of arc-valimail', { skip }, async () => {
  const { sealed, refused, keyText } = await sealAll();
  assert.deepEqual(refused, ['no_additional_sig']);
  const resolver = resolverFromZone(`dummy._domainkey.example.org. TXT "${keyText}"`);
  for (const [name, message] of sealed) {
    const { result, reason = '' } = await verifyArc(message, { resolver, clock: fixedClock(1_700_000_000_000) });
    assert.equal(result, isOfBrokenChain(name) ? 'fail' : 'pass', `${name}: ${reason}`);
    if (isOfBrokenChain(name)) assert.match(reason, /cv=fail/, name);
  }
});

const dkimpy = `
import base64, dkim, json, sys
given = json.load(sys.stdin)
lookup = lambda name, timeout=5: given['key'].encode()
def verify(text):
    cv, results, reason = dkim.arc_verify(base64.b64decode(text), dnsfunc=lookup)
    newest = [one for one in results if one['instance'] == max(r['instance'] for r in results)][0] if results else {}
    return [cv.decode() if cv else None, bool(newest.get('as-valid')), bool(newest.get('ams-valid')), reason]
json.dump({name: verify(text) for name, text in given['messages'].items()}, sys.stdout)
`;

const python = '/usr/bin/python3';
const hasDkimpy = spawnSync(python, ['-c', 'import dkim'], { stdio: 'ignore' }).status === 0;

test('dkimpy accepts the seals', {
  skip: skip || (hasDkimpy ? false : 'no oracle: python3-dkim is not installed'),
}, async () => {
  const { sealed, keyText } = await sealAll();
  const messages = Object.fromEntries([...sealed].map(([name, message]) => [name, message.toString('base64')]));
  const run = spawnSync(python, ['-c', dkimpy], { input: JSON.stringify({ key: keyText, messages }) });
  assert.equal(run.status, 0, run.stderr.toString());
  const answers = Object.entries(
    JSON.parse(run.stdout.toString()) as Record<string, [string | null, boolean, boolean, string]>,
  );
  // Of a seal that says fail it looks at the message signature alone.
  const wrong = answers.filter(([name, [cv, , signature, reason]]) =>
    isOfBrokenChain(name) ? !(signature && reason.includes('reported failure')) : cv !== 'pass',
  );
  assert.deepEqual(wrong, []);
  assert.equal(answers.length, 16);
});

const mailDkim = `
use JSON::PP; use MIME::Base64; use Net::DNS::RR; use Mail::DKIM::DNS; use Mail::DKIM::ARC::Verifier;
local $/; my $given = decode_json(<STDIN>);
my $record = Net::DNS::RR->new(owner => 'dummy._domainkey.example.org', type => 'TXT', txtdata => $given->{key});
{ no warnings 'redefine'; *Mail::DKIM::DNS::query = sub { return $record }; }
my %said;
for my $name (keys %{ $given->{messages} }) {
  my $verifier = Mail::DKIM::ARC::Verifier->new(Strict => 1);
  $verifier->PRINT(decode_base64($given->{messages}{$name}));
  $verifier->CLOSE;
  $said{$name} = $verifier->result_detail;
}
print encode_json(\\%said);
`;

const hasMailDkim = spawnSync('perl', ['-MMail::DKIM::ARC::Verifier', '-e', '1'], { stdio: 'ignore' }).status === 0;
const skipMailDkim = skip || (hasMailDkim ? false : 'no oracle: libmail-dkim-perl is not installed');

test('Mail::DKIM accepts the seals', { skip: skipMailDkim }, async () => {
  const { sealed, keyText } = await sealAll();
  const messages = Object.fromEntries([...sealed].map(([name, message]) => [name, message.toString('base64')]));
  const run = spawnSync('perl', ['-e', mailDkim], { input: JSON.stringify({ key: keyText, messages }) });
  assert.equal(run.status, 0, run.stderr.toString());
  const answers = Object.entries(JSON.parse(run.stdout.toString()) as Record<string, string>);
  const wrong = answers.filter(([name, said]) => !said.startsWith(isOfBrokenChain(name) ? 'fail' : 'pass'));
  assert.deepEqual(wrong, []);
  assert.equal(answers.length, 16);
});
