/** `posthorn domains`: which domains this office sends and receives for, their DKIM keys, and what they have to publish. */
import type { Command } from 'commander';
import { fromUtf8 } from '../../../base/bytes.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import type { DkimKeyRecord } from '../../../services/directory/types.ts';
import { showDomain } from '../../http/show.ts';
import type { Answer } from '../answer.ts';
import type { CliHost } from '../cli-host.ts';
import { type RecordToPublish, recordsToPublish, zoneLines } from '../domain-records.ts';
import { exits } from '../exits.ts';
import { findKeyRecord, type KeyFinding } from '../find-key-record.ts';
import type { Leaf } from '../leaf.ts';
import type { Domain } from '../office-client.ts';
import { readDomain } from '../read-options.ts';
import { refusalError, unknown } from '../refusal-error.ts';
import { factLines, moment, tableLines } from '../render-table.ts';
import type { Run } from '../run.ts';
import type { Style } from '../style.ts';

export function defineDomains(command: Command, leaf: Leaf, host: CliHost): void {
  defineAdd(command, leaf, host);
  defineList(command, leaf, host);
  defineShow(command, leaf, host);
  defineRecords(command, leaf);
  defineVerify(command, leaf, host);
  defineKeyImport(command, leaf, host);
}

function defineAdd(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const add = command
    .command('add')
    .argument('<name>')
    .description('Add a domain; it gets DKIM keys of its own.')
    .option('--verified', 'it is yours by your word: it may send at once')
    .option('--send-only', 'its mail is received elsewhere');
  type Options = { readonly verified?: boolean; readonly sendOnly?: boolean };
  leaf<Options>(add, ['document', 'data'], async (run, { verified, sendOnly }, text) => {
    const { directory, hostname } = await run.folder({ make: true });
    const name = readDomain(text);
    const added = await directory.addDomain(name, {
      ...(verified ? { verifiedBy: 'operator' as const } : {}),
      receives: sendOnly !== true,
    });
    if (!added.ok) throw refusalError(added, program, name);
    const domain = showDomain(added.value, await directory.keysOf(name));
    const records = recordsToPublish(domain, publicName(hostname));
    return {
      document: { ...domain, records },
      value: name,
      lines: (style) => [
        style.good(verified ? `${name} is added and may send.` : `${name} is added. It may send once it is verified.`),
        '',
        ...publishLines(records, style),
        '',
        `  next: ${program} domains ${verified ? `records ${name}` : `verify ${name}`}`,
      ],
    };
  });
}

function defineList(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const list = command.command('list', { isDefault: true }).description('All domains of the office.');
  leaf(list, ['document', 'lines', 'office', 'data'], async (run) => {
    const domains = await (await run.office()).domains();
    return {
      document: { data: domains },
      rows: domains,
      value: domains.map(({ name }) => name).join('\n'),
      lines: (style, columns) =>
        domains.length === 0
          ? ['No domain yet.', `  next: ${program} domains add NAME`]
          : tableLines(
              domains,
              [
                { title: 'domain', text: ({ unicode }) => unicode },
                { title: 'verified', text: verifiedWords },
                { title: 'receives', text: ({ receives }) => (receives ? 'yes' : 'no') },
                { title: 'signs with', text: ({ dkim_keys: keys }) => selectorsOf(keys) },
              ],
              style,
              columns,
            ),
    };
  });
}

function defineShow(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const show = command
    .command('show')
    .argument('<name>')
    .description('One domain with its keys and the records to publish.')
    .option('--hostname <name>', "the server's public name (default: the setting hostname)");
  leaf<HostnameOption>(show, ['document', 'office', 'data'], async (run, options, name) => {
    const { domain, records } = await domainWithRecords(run, name, options);
    return {
      document: { ...domain, records },
      value: domain.name,
      lines: (style) => [
        style.bold(domain.unicode),
        ...factLines(
          [
            ['verified', verifiedWords(domain)],
            ['receives', domain.receives ? 'yes' : 'no, it only sends from here'],
            ...domain.dkim_keys.map(
              ({ selector, algorithm, state }) => ['key', `${selector}  ${algorithm}  ${state}`] as const,
            ),
          ],
          style,
        ),
        '',
        ...publishLines(records, style),
        ...(domain.verified === undefined ? ['', `  next: ${program} domains verify ${domain.name}`] : []),
      ],
    };
  });
}

type HostnameOption = { readonly hostname?: string };

async function domainWithRecords(
  run: Run,
  name: string,
  { hostname }: HostnameOption,
): Promise<{ readonly domain: Domain; readonly records: readonly RecordToPublish[] }> {
  const office = await run.office();
  const domain = await office.domain(name);
  const host = hostname === undefined ? publicName(office.hostname) : readDomain(hostname);
  if (host === undefined)
    run.note("The server's public name is not known here, so MX and SPF are left out: --hostname NAME adds them.");
  return { domain, records: recordsToPublish(domain, host) };
}

/** A single label is the name of a machine, not one that the world knows. */
function publicName(hostname: string | undefined): string | undefined {
  return hostname?.includes('.') ? hostname : undefined;
}

function defineRecords(command: Command, leaf: Leaf): void {
  const records = command
    .command('records')
    .argument('<name>')
    .description('What to publish, as lines of a zone file.')
    .option('--hostname <name>', "the server's public name (default: the setting hostname)");
  leaf<HostnameOption>(records, ['document', 'lines', 'office', 'data'], async (run, options, name) => {
    const { records: wanted } = await domainWithRecords(run, name, options);
    return { document: { data: wanted }, rows: wanted, lines: () => zoneLines(wanted) };
  });
}

function defineVerify(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const verify = command
    .command('verify')
    .argument('<name>')
    .description('Look whether our DKIM records are published: then the domain is yours.')
    .option('--by-my-word', 'do not look');
  leaf<{ readonly byMyWord?: boolean }>(verify, ['document', 'data', 'dns'], async (run, { byMyWord }, text) => {
    const { directory } = await run.folder();
    const name = readDomain(text);
    if ((await directory.domain(name)) === undefined) throw unknown('domain', name, `${program} domains add ${name}`);
    const keys = (await directory.keysOf(name)).filter(({ state }) => state === 'pending' || state === 'active');
    const findings = byMyWord ? [] : await lookForKeys(run, keys);
    const isProven = byMyWord || (findings.length > 0 && findings.every(({ found }) => found === 'ours'));
    if (isProven) {
      const verified = await directory.verifyDomain(name, byMyWord ? 'operator' : 'txt');
      if (!verified.ok) throw refusalError(verified, program, name);
    }
    return verifyAnswer(name, { isProven, findings, program });
  });
}

async function lookForKeys(run: Run, keys: readonly DkimKeyRecord[]): Promise<readonly KeyFinding[]> {
  const resolver = await run.resolver();
  return Promise.all(keys.map((key) => findKeyRecord(resolver, key, run.host.signal)));
}

function verifyAnswer(
  name: DomainName,
  seen: { readonly isProven: boolean; readonly findings: readonly KeyFinding[]; readonly program: string },
): Answer {
  const { isProven, findings, program } = seen;
  const unanswered = findings.some(({ found }) => found === 'no-answer');
  return {
    exit: isProven ? exits.ok : unanswered ? exits.tryAgain : exits.problems,
    document: { domain: name, verified: isProven, records: findings },
    value: isProven ? 'verified' : 'unverified',
    lines: (style, columns) => [
      ...tableLines(
        findings,
        [
          { title: 'TXT record', text: (finding) => finding.name },
          { title: 'seen', text: ({ say }) => say, mark: ({ found }) => (found === 'ours' ? style.good : style.bad) },
        ],
        style,
        columns,
      ).slice(findings.length === 0 ? 1 : 0),
      isProven ? style.good(`${name} is verified: it may send.`) : `${name} is not verified yet.`,
      `  next: ${program} domains ${isProven ? `show ${name}` : `records ${name}`}`,
    ],
  };
}

function defineKeyImport(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const key = command.command('key').description('DKIM keys of a domain.').helpCommand(false);
  const add = key
    .command('import')
    .argument('<name>', 'the domain')
    .argument('<file>', 'private key, PEM')
    .description('Go on signing with a key the domain has used elsewhere.')
    .requiredOption('--selector <selector>', 'under which its record is published');
  leaf<{ readonly selector: string }>(add, ['document', 'data'], async (run, { selector }, text, file) => {
    const { directory } = await run.folder();
    const name = readDomain(text);
    const pem = fromUtf8(await run.host.readFile(file));
    const imported = await directory.dkim.import(name, { selector, pem });
    if (!imported.ok) throw refusalError(imported, program, name);
    const { algorithm, state, publicRecord, selector: its } = imported.value;
    const record = { name: `${its}._domainkey.${name}`, type: 'TXT', value: publicRecord };
    return {
      document: { domain: name, selector: its, algorithm, state, record },
      value: its,
      lines: () => [
        `${name}: ${its} (${algorithm}) is ${state === 'active' ? 'signing now' : state}.`,
        `Its record must be published: ${record.name} TXT`,
        record.value,
        `  next: ${program} domains show ${name}`,
      ],
    };
  });
}

function publishLines(records: readonly RecordToPublish[], style: Style): string[] {
  return [
    style.bold('Publish these records:'),
    ...records.flatMap(({ name, type, value, why }) => [
      '',
      `  ${type.padEnd(3)}  ${style.bold(name)}`,
      style.dim(`       ${why}`),
      value,
    ]),
  ];
}

function verifiedWords({ verified }: Domain): string {
  if (verified === undefined) return 'no';
  const by = verified.by === 'operator' ? 'by your word' : 'its record was seen';
  return `${moment(verified.at).slice(0, 10)}, ${by}`;
}

function selectorsOf(keys: Domain['dkim_keys']): string {
  const active = keys.filter(({ state }) => state === 'active').map(({ selector }) => selector);
  return active.length === 0 ? 'nothing yet' : active.join(', ');
}
