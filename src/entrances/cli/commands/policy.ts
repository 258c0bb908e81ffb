/** `posthorn policy`: the signed document of who sends for a domain; written, fetched and judged, held against a declaration. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Command } from 'commander';
import { fromUtf8, utf8 } from '../../../base/bytes.ts';
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import type { StsMode } from '../../../protocol/mta-sts/types.ts';
import type { PolicyDocument, PolicyRecord, PublishedKey } from '../../../services/setup/policy-document/types.ts';
import {
  comparePolicies,
  isKeyId,
  isPolicyUrl,
  openPolicy,
  policyOf,
  policyRecordName,
  policyRecordText,
  rawPublicKey,
  readDeclaration,
  sealPolicy,
} from '../../../services/setup/setup.ts';
import type { Answer } from '../answer.ts';
import type { CliHost } from '../cli-host.ts';
import { exits } from '../exits.ts';
import { each, type Leaf } from '../leaf.ts';
import { bad, readCount, readDomain } from '../read-options.ts';
import { readTableFile } from '../read-table-file.ts';
import { refusalError } from '../refusal-error.ts';
import { visible, wrapped } from '../render-timeline.ts';
import type { Run } from '../run.ts';
import { changeLines, definePull, findPolicy } from './policy-pull.ts';

const serialMost = 999_999_999;

export function definePolicy(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const keygen = command.command('keygen').description('A key that signs policy documents.');
  keygen.addHelpText('after', `\n  (umask 077; ${program} policy keygen > policy.pem)`);
  leaf(keygen, ['document'], makeKey);
  const push = command
    .command('push')
    .description('Signs the document, serves or writes it, and says what to publish.');
  push
    .argument('<domain>', 'whose mail it is about')
    .option('--url <address>', 'where the document will lie; without it this office serves it')
    .option('--file <file>', 'with --url: the declaration, as `plan --file` takes it')
    .option('--key <file>', 'with --url: the key that signs')
    .option('--kid <name>', 'the name of the key (default: k1)')
    .option('--after <file>', 'the document before this one: its serial is counted up')
    .option('--serial <n>', 'the serial, where there is no document before')
    .option('--selector <name>', 'a DKIM key to name, read from DNS; repeatable', each)
    .option('--mta-sts <mode>', 'none, testing, enforce (default: as declared, or none)')
    .option('--mx <host>', 'a host that may receive; repeatable', each)
    .option('--tls-reports <address>', 'where TLS reports go; repeatable', each)
    .option('--contact <address>', 'mailto: or https: of a person')
    .addHelpText(
      'after',
      [
        '',
        'This office serves what it declares and does itself, signed with a key of its',
        'own, and the document follows when that changes. With --url the document goes',
        'to the standard output, the record to the standard error, and the other options',
        'say what is in it.',
        '',
        `  ${program} policy push example.com`,
        `  ${program} policy push example.com --file example.com.toml \\`,
        '    --key policy.pem --url https://example.com/eml.json > eml.json',
      ].join('\n'),
    );
  leaf<PushOptions>(push, ['document', 'data', 'dns', 'clock'], pushPolicy);
  const stop = command.command('stop').description('This office serves the document of the domain no more.');
  stop.argument('<domain>', 'whose mail it is about');
  leaf(stop, ['document', 'data', 'dns'], stopPolicy);
  definePull(command.command('pull'), leaf, program);
  const diff = command.command('diff').description('What the published document says otherwise than a declaration.');
  diff
    .argument('<domain>', 'whose mail it is about')
    .requiredOption('--file <file>', 'the declaration, as `plan --file` takes it')
    .option('--document <file>', 'take this instead of fetching it')
    .addHelpText('after', `\nExit code 1 when they differ.\n\n  ${program} policy diff example.com --file a.toml`);
  leaf<DiffOptions>(diff, ['document', 'data', 'dns'], diffPolicy);
}

// ---- keygen

async function makeKey(): Promise<Answer> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trimEnd();
  const publicKey = Buffer.from(rawPublicKey(privateKey)).toString('base64');
  return { document: { private_key: pem, public_key: publicKey }, value: pem, lines: () => [pem] };
}

async function readKey(run: Run, path: string): Promise<KeyObject> {
  const key = keyOf(fromUtf8(await run.host.readFile(path)));
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw bad('bad_key', `${path} is no Ed25519 key in PEM.`, [
    `(umask 077; ${run.host.command} policy keygen > policy.pem)`,
  ]);
}

function keyOf(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

// ---- push

type PushOptions = Partial<WriteOptions>;

type WriteOptions = {
  readonly file: string;
  readonly key: string;
  readonly url: string;
  readonly kid?: string;
  readonly after?: string;
  readonly serial?: string;
  readonly selector?: readonly string[];
  readonly mtaSts?: string;
  readonly mx?: readonly string[];
  readonly tlsReports?: readonly string[];
  readonly contact?: string;
};

async function pushPolicy(run: Run, options: PushOptions, text = ''): Promise<Answer> {
  const domain = readDomain(text);
  const { url, file, key, contact, ...written } = options;
  if (url === undefined) {
    const given = { file, key, ...written };
    const [stray] = writeOptions.filter((name) => given[name] !== undefined);
    if (stray !== undefined)
      throw bad(
        'missing_option',
        `--${optionNames[stray]} is for a document that lies elsewhere: say where with --url.`,
        [run.again({ without: [`--${optionNames[stray]}`] })],
      );
    return serveAnswer(run, domain, contact === undefined ? {} : { contact });
  }
  const [missing] = (['file', 'key'] as const).filter((name) => options[name] === undefined);
  if (file === undefined || key === undefined)
    throw bad('missing_option', `--url needs --${missing}.`, [helpOf(run, 'push')]);
  return writePolicy(run, { ...options, url, file, key }, domain);
}

const writeOptions = ['file', 'key', 'kid', 'after', 'serial', 'selector', 'mtaSts', 'mx', 'tlsReports'] as const;
const optionNames: Readonly<Record<(typeof writeOptions)[number], string>> = {
  ...{ file: 'file', key: 'key', kid: 'kid', after: 'after', serial: 'serial', selector: 'selector', mx: 'mx' },
  mtaSts: 'mta-sts',
  tlsReports: 'tls-reports',
};

async function serveAnswer(run: Run, domain: DomainName, options: { readonly contact?: string }): Promise<Answer> {
  const folder = await run.folder();
  const pushed = await folder.desk(await run.eyes()).pushPolicy(domain, options);
  if (!pushed.ok) throw refusalError(pushed, run.host.command, domain);
  const { url, serial, document, record, isAnswered } = pushed.value;
  const published = { name: policyRecordName(domain), type: 'TXT', value: record };
  return {
    document: { url, serial, answered: isAnswered, document: JSON.parse(document) as unknown, record: published },
    value: url,
    lines: (style, columns = 80) => [
      style.good(`${domain}: this office serves its policy document, serial ${serial}.`),
      `  ${url}`,
      '',
      ...(isAnswered
        ? wrapped(`The office answers the record that names it, behind ${published.name}.`, columns)
        : [
            style.bold('The record that names it, created once:'),
            `  TXT    ${published.name}`,
            ...cutAt(record, Math.max(40, columns - indent)).map((line) => `${' '.repeat(indent)}${line}`),
          ]),
      '',
      `  next: ${run.host.command} ${isAnswered ? `policy pull ${domain}` : `publish ${domain}`}`,
    ],
  };
}

const indent = 9;

/** A value of DNS behind which nothing may come: it is cut anywhere. */
function cutAt(text: string, width: number): readonly string[] {
  return text.match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
}

async function stopPolicy(run: Run, _options: object, text = ''): Promise<Answer> {
  const domain = readDomain(text);
  const folder = await run.folder();
  const was = await folder.desk(await run.eyes()).stopPolicy(domain);
  if (!was) run.note(`No policy document was served for ${domain}.`);
  return {
    document: { domain, served: false },
    value: domain,
    lines: (style) => [
      style.good(`This office serves no policy document of ${domain} any more.`),
      `  Its record goes as well: ${policyRecordName(domain)} TXT`,
    ],
  };
}

async function writePolicy(run: Run, options: WriteOptions, domain: DomainName): Promise<Answer> {
  const privateKey = await readKey(run, options.key);
  const { kid = 'k1', url } = options;
  if (!isKeyId(kid)) throw bad('bad_kid', `--kid ${kid} is no name: letters, digits, - and _.`, ['--kid k1']);
  if (!isPolicyUrl(url))
    throw bad('bad_url', `--url ${url} is no https: address.`, [`--url https://${domain}/eml.json`]);
  const pinned = { kid, publicKey: rawPublicKey(privateKey) };
  const document = await draft(run, domain, options, pinned);
  const sealed = sealPolicy(document, [{ kid, privateKey }]);
  const record = policyRecordText({ ...pinned, url, serial: document.serial, ttlSeconds: 86_400 });
  const published = { name: policyRecordName(domain), type: 'TXT', value: record };
  if (run.format === 'text')
    run.note(
      `publish the document at ${url}, then the record:\n${published.name}. TXT "${record.slice(0, 250)}"${record.length > 250 ? ` "${record.slice(250)}"` : ''}`,
    );
  return {
    document: { document: JSON.parse(sealed) as unknown, record: published },
    octets: utf8(sealed),
    value: sealed.trimEnd(),
    lines: () => sealed.trimEnd().split('\n'),
  };
}

async function draft(
  run: Run,
  domain: DomainName,
  options: WriteOptions,
  pinned: Pick<PolicyRecord, 'kid' | 'publicKey'>,
): Promise<PolicyDocument> {
  const declaration = await readDeclared(run, domain, options.file);
  const clock = await run.clock();
  const made = policyOf(declaration, {
    serial: await nextSerial(run, options, pinned),
    issuedAtMs: clock.nowMs(),
    keys: await publishedKeys(run, domain, options.selector ?? []),
    tls: {
      mode: (options.mtaSts ?? declaration.mtaSts ?? 'none') as StsMode,
      mx: options.mx ?? [],
      maxAgeSeconds: 604_800,
      reports: options.tlsReports ?? [],
    },
    ...(options.contact !== undefined && { contact: options.contact }),
  });
  if (!made.ok) throw bad('bad_policy', `The document would be void: ${made.say}.`, [helpOf(run, 'push')]);
  return made.value;
}

async function readDeclared(run: Run, domain: DomainName, path: string) {
  const table = await readTableFile(run, path, 'a declaration');
  const read = readDeclaration(await run.host.catalogue(), table, domain);
  if (!read.ok) throw bad(read.code.replaceAll('-', '_'), `${path}: ${read.say}`, [`${run.host.command} senders list`]);
  return read.value;
}

async function nextSerial(
  run: Run,
  { after, serial }: WriteOptions,
  pinned: Pick<PolicyRecord, 'kid' | 'publicKey'>,
): Promise<number> {
  if (after === undefined) return serial === undefined ? 1 : readCount(serial, '--serial', serialMost);
  const before = openPolicy(await run.host.readFile(after), pinned);
  if (!before.ok) throw bad('bad_document', `${after} is not the document before: ${before.say}.`, ['--serial 12']);
  return before.value.serial + 1;
}

async function publishedKeys(
  run: Run,
  domain: DomainName,
  selectors: readonly string[],
): Promise<readonly PublishedKey[]> {
  if (selectors.length === 0) return [];
  const resolver = await run.resolver();
  return Promise.all(
    selectors.map(async (selector) => {
      const name = parseDomainName(`${selector}._domainkey.${domain}`);
      if (name === undefined) throw bad('bad_selector', `${visible(selector)} is no selector.`, ['--selector s2026']);
      const answer = await resolver.lookup(name, 'TXT');
      const [record, ...others] = answer.kind === 'found' ? answer.records : [];
      if (record !== undefined && others.length === 0) return { selector, record };
      throw bad('no_key', `${name} holds no single TXT record.`, [`dig TXT ${name}`]);
    }),
  );
}

// ---- diff

type DiffOptions = { readonly file: string; readonly document?: string };

async function diffPolicy(run: Run, options: DiffOptions, text = ''): Promise<Answer> {
  const domain = readDomain(text);
  const { document } = await findPolicy(run, domain, options.document);
  const { serial, issuedAtMs, keys, tls, contact } = document;
  const declaration = await readDeclared(run, domain, options.file);
  // What the declaration leaves open is no difference.
  const declared = policyOf(declaration, {
    serial,
    issuedAtMs,
    keys: declaration.keys === undefined ? keys : [],
    tls,
    ...(contact !== undefined && { contact }),
  });
  if (!declared.ok) throw bad('bad_policy', `${options.file}: ${declared.say}.`, [helpOf(run, 'diff')]);
  const own = { ...declared.value, tls: { ...tls, mode: declaration.mtaSts ?? tls.mode } };
  const changes = comparePolicies(own, document);
  return {
    exit: changes.length > 0 ? exits.problems : exits.ok,
    document: { domain, serial, changes },
    value: String(changes.length),
    lines: (style) =>
      changes.length === 0
        ? [style.good(`${options.file} and the published document (serial ${serial}) say the same.`)]
        : [
            `${style.bold(domain)}  from ${options.file} to the published document, serial ${serial}:`,
            ...changeLines(changes, style),
          ],
  };
}

function helpOf(run: Run, name: string): string {
  return `${run.host.command} policy ${name} --help`;
}
