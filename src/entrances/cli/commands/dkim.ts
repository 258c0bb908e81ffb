/** `posthorn dkim`: a new key with the record that publishes it, a message signed, the signatures of a message verified. */
import type { Command } from 'commander';
import { concat, fromUtf8 } from '../../../base/bytes.ts';
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import { normaliseLineEnds } from '../../../format/line-ends.ts';
import { indexMessage } from '../../../format/message/message-index.ts';
import { dkimDocument } from '../../../protocol/auth-report-json.ts';
import { createAuthenticator } from '../../../protocol/authenticate.ts';
import { generateDkimKey, importPrivateKey } from '../../../protocol/dkim/private-keys.ts';
import { signDkim, unsignable } from '../../../protocol/dkim/sign-dkim.ts';
import type { DkimResult } from '../../../protocol/dkim/types.ts';
import { type Answer, rawAnswer } from '../answer.ts';
import type { CliHost } from '../cli-host.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import { bad, readDomain } from '../read-options.ts';
import { visible } from '../render-timeline.ts';
import type { Run } from '../run.ts';
import type { Style } from '../style.ts';

export function defineDkim(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const keygen = command
    .command('keygen')
    .description('A new key: the private half, and the record of the public one.');
  keygen
    .argument('<domain>', 'who signs')
    .argument('<selector>', 'a name for the key, new each time: s2026')
    .option('--ed25519', 'an Ed25519 key, to sign with beside an RSA one')
    .addHelpText(
      'after',
      `\nThe key goes to the standard output, the record to the standard error.\n\n  ${program} dkim keygen example.com s2026 > s2026.pem`,
    );
  leaf<{ readonly ed25519?: boolean }>(keygen, ['document'], makeKey);
  const sign = command.command('sign').description('Signs a message: prints it with its DKIM-Signature on top.');
  sign
    .argument('<file>', 'the message; line ends become CRLF')
    .requiredOption('--domain <name>', 'who signs')
    .requiredOption('--selector <name>', 'where the key is published')
    .requiredOption('--private-key <file>', 'the key, in PEM')
    .addHelpText('after', `\n  ${program} dkim sign a.eml --private-key k.pem --domain a.test --selector k`);
  leaf<SignOptions>(sign, ['document', 'clock'], signFile);
  const verify = command.command('verify').description('What each signature of a message proves.');
  verify
    .argument('<file>', 'the message as it was received')
    .addHelpText('after', `\nExit code 1 unless one of them passes.\n\n  ${program} dkim verify a.eml`);
  leaf(verify, ['document', 'dns', 'clock'], verifyFile);
}

/** A selector and its domain, which make the name of the record. */
function readKeyPlace(
  domainText: string,
  selector: string,
): { readonly domain: DomainName; readonly name: DomainName } {
  const domain = readDomain(domainText);
  const name = parseDomainName(`${selector}._domainkey.${domain}`);
  if (name === undefined)
    throw bad('bad_selector', `${selector} is no selector.`, ['give letters, digits and dashes, like s2026']);
  return { domain, name };
}

async function makeKey(
  run: Run,
  options: { readonly ed25519?: boolean },
  domainText = '',
  selector = '',
): Promise<Answer> {
  const { name } = readKeyPlace(domainText, selector);
  const { privateKeyPem, publicRecord } = await generateDkimKey(options.ed25519 ? 'ed25519-sha256' : 'rsa-sha256');
  if (run.format === 'text') run.note(`publish:\n${name}. TXT ${quoted(publicRecord)}`);
  return {
    document: { private_key: privateKeyPem, record: { name, type: 'TXT', value: publicRecord } },
    value: privateKeyPem.trimEnd(),
    lines: () => [privateKeyPem.trimEnd()],
  };
}

const stringOctets = 255; // RFC 1035 §3.3: a character-string

function quoted(record: string): string {
  return (record.match(new RegExp(`.{1,${stringOctets}}`, 'g')) ?? []).map((part) => `"${part}"`).join(' ');
}

type SignOptions = { readonly domain: string; readonly selector: string; readonly privateKey: string };

async function signFile(run: Run, options: SignOptions, path = ''): Promise<Answer> {
  const { domain, name } = readKeyPlace(options.domain, options.selector);
  const message = readLineEnds(path, await run.host.readFile(path));
  const why = unsignable(indexMessage(message));
  if (why !== undefined)
    throw bad('bad_message', `${path} cannot be signed: ${why}.`, ['give a whole message, header first']);
  const key = importPrivateKey(fromUtf8(await run.host.readFile(options.privateKey)));
  if (!key.ok) throw bad('bad_private_key', `${options.privateKey}: ${key.say}.`, ['make one by dkim keygen']);
  const selector = name.slice(0, -`._domainkey.${domain}`.length);
  const { algorithm, privateKey } = key.value;
  const now = (await run.clock()).nowMs() / 1000;
  const signature = await signDkim(message, [{ domain, selector, algorithm, privateKey }], { nowSeconds: now });
  return rawAnswer(path, concat([signature, message]));
}

/** What is signed leaves as it was signed: with CRLF. A lone CR would be a line end to some receivers and none to others. */
function readLineEnds(path: string, octets: Uint8Array): Uint8Array {
  const normal = normaliseLineEnds(octets);
  if (normal.ok) return normal.value;
  throw bad('bad_message', `${path}: ${normal.say}.`, ['end each line with CRLF or LF']);
}

async function verifyFile(run: Run, _options: object, path = ''): Promise<Answer> {
  const octets = await run.host.readFile(path);
  const normal = normaliseLineEnds(octets); // files saved by mail programs often have LF alone; signatures are over CRLF
  const message = normal.ok ? normal.value : octets;
  const authenticator = createAuthenticator({ resolver: await run.resolver(), clock: await run.clock() });
  const results = await authenticator.verifyDkim(message, { signal: run.host.signal });
  const passes = results.some(({ result }) => result === 'pass');
  return {
    exit: passes ? exits.ok : exits.problems,
    document: results.map(dkimDocument),
    rows: results.map(dkimDocument),
    value: passes ? 'pass' : (results[0]?.result ?? 'none'),
    lines: (style) =>
      results.length === 0 ? ['The message is not signed.'] : results.flatMap((one) => resultLines(one, style)),
  };
}

function resultLines({ result, domain, selector, algorithm, keyBits, reason }: DkimResult, style: Style): string[] {
  const mark = result === 'pass' ? style.good : style.bad;
  const key = [algorithm, keyBits === undefined ? '' : `${keyBits} bit`].filter((part) => part !== '').join(', ');
  return [
    `${mark(result)} for ${style.bold(domain || 'no domain')}, selector ${visible(selector) || 'none'}${key === '' ? '' : ` (${key})`}`,
    ...(reason === undefined ? [] : [`  ${reason}`]),
  ];
}
