/** `posthorn domains`: which domains this office sends and receives for, their DKIM keys, and what they have to publish. */
import type { Command } from 'commander';
import { fromUtf8 } from '../../../base/bytes.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import type { Answer } from '../answer.ts';
import type { CliHost, OpenOffice } from '../cli-host.ts';
import { delegationLines, delegationZoneLines, heldLines } from '../delegation-lines.ts';
import { type RecordToPublish, recordsToPublish, zoneLines } from '../domain-records.ts';
import { exits } from '../exits.ts';
import { keysSentence } from '../key-words.ts';
import type { Leaf } from '../leaf.ts';
import type { Delegation, Domain, DomainCheck } from '../office-client.ts';
import { readDomain } from '../read-options.ts';
import { refusalError } from '../refusal-error.ts';
import { factLines, moment, tableLines } from '../render-table.ts';
import type { Run } from '../run.ts';
import type { Style } from '../style.ts';
import { defineDelegate } from './domains-delegate.ts';

const everywhere = ['document', 'office', 'data'] as const;

export function defineDomains(command: Command, leaf: Leaf, host: CliHost): void {
  defineAdd(command, leaf, host);
  defineList(command, leaf, host);
  defineShow(command, leaf, host);
  defineRecords(command, leaf);
  defineVerify(command, leaf, host);
  defineKeys(command, leaf, host);
  defineDelegate(command, leaf, host);
}

function defineAdd(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const add = command
    .command('add')
    .argument('<name>')
    .description('Add a domain; it gets DKIM keys of its own.')
    .option('--verified', 'it is yours by your word: it may send at once')
    .option('--send-only', 'its mail is received elsewhere');
  type Options = { readonly verified?: boolean; readonly sendOnly?: boolean };
  leaf<Options>(add, everywhere, async (run, { verified, sendOnly }, text) => {
    const name = readDomain(text);
    const receives = sendOnly !== true;
    const office = verified ? undefined : await run.office({ make: true });
    if (office) await office.addDomain(name, { receives });
    else await addByWord(await run.folder({ make: true }), name, { receives, program });
    const { domain, records } = await domainWithRecords(run, name, {});
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

async function addByWord(
  { directory }: OpenOffice,
  name: DomainName,
  { receives, program }: { readonly receives: boolean; readonly program: string },
): Promise<void> {
  const added = await directory.addDomain(name, { verifiedBy: 'operator', receives });
  if (!added.ok) throw refusalError(added, program, name);
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
    const { domain, records, delegation } = await domainWithRecords(run, name, options);
    const isKeptHere = delegation.delegated;
    return {
      document: { ...domain, ...(isKeptHere ? { delegation } : { records }) },
      value: domain.name,
      lines: (style, columns) => [
        style.bold(domain.unicode),
        ...factLines(
          [
            ['verified', verifiedWords(domain)],
            ['receives', domain.receives ? 'yes' : 'no, it only sends from here'],
            ...domain.dkim_keys.map(
              ({ selector, algorithm, state }) => ['key', `${selector}  ${algorithm}  ${state}`] as const,
            ),
            ...delegatedFact(delegation),
          ],
          style,
        ),
        ...(isKeptHere ? delegationLines(delegation, style, columns) : ['', ...publishLines(records, style)]),
        ...(domain.verified === undefined ? ['', `  next: ${program} domains verify ${domain.name}`] : []),
      ],
    };
  });
}

function delegatedFact({ delegated, kind }: Delegation): (readonly [string, string])[] {
  if (!delegated) return [];
  return [
    ['delegated', kind === 'zone' ? 'as a whole: this office answers all of it' : 'names of it lead to this office'],
  ];
}

type HostnameOption = { readonly hostname?: string };

async function domainWithRecords(
  run: Run,
  name: string,
  { hostname }: HostnameOption,
): Promise<{
  readonly domain: Domain;
  readonly records: readonly RecordToPublish[];
  readonly delegation: Delegation;
}> {
  const office = await run.office();
  const domain = await office.domain(name);
  const host = hostname === undefined ? publicName(office.hostname) : readDomain(hostname);
  if (host === undefined)
    run.note("The server's public name is not known here, so MX and SPF are left out: --hostname NAME adds them.");
  return { domain, records: recordsToPublish(domain, host), delegation: await office.delegation(name) };
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
    .option('--hostname <name>', "the server's public name (default: the setting hostname)")
    .option('--undelegated', 'of a delegated domain: what it would publish without that');
  type Options = HostnameOption & { readonly undelegated?: boolean };
  leaf<Options>(records, ['document', 'lines', 'office', 'data'], async (run, options, name) => {
    const { records: wanted, delegation } = await domainWithRecords(run, name, options);
    if (!delegation.delegated || options.undelegated)
      return { document: { data: wanted }, rows: wanted, lines: () => zoneLines(wanted) };
    const toCreate = [...delegation.records, ...delegation.beside];
    const held = heldLines(delegation, run.host.errStyle, run.host.columns);
    if (held.length > 0) run.note(held.slice(1).join('\n'));
    return {
      document: { data: toCreate, answered: delegation.answered, spf_held: delegation.spf_held },
      rows: toCreate,
      lines: () => delegationZoneLines(delegation),
    };
  });
}

function defineVerify(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const verify = command
    .command('verify')
    .argument('<name>')
    .description('Look now whether its records are published: then it may send, and new keys sign.')
    .option('--by-my-word', 'do not look, now or later: it is yours');
  leaf<{ readonly byMyWord?: boolean }>(verify, [...everywhere, 'dns'], async (run, { byMyWord }, text) => {
    if (byMyWord) await vouch(run, readDomain(text), program);
    return checkAnswer(await (await run.office()).verifyDomain(text), program);
  });
}

/** Done in the folder itself: nobody vouches for a domain from afar. */
async function vouch(run: Run, name: DomainName, program: string): Promise<void> {
  const verified = await (await run.folder()).directory.verifyDomain(name, 'operator');
  if (!verified.ok) throw refusalError(verified, program, name);
}

function checkAnswer(check: DomainCheck, program: string): Answer {
  const { domain, records, sends } = check;
  const waiting = records.filter(({ seen }) => seen !== 'everywhere');
  const unanswered = waiting.some(({ servers }) => servers.some(({ found }) => found === 'no-answer'));
  const isDone = sends && waiting.length === 0;
  const rows = records.flatMap((record) => record.servers.map((server) => ({ ...server, name: record.name })));
  return {
    exit: sends ? exits.ok : unanswered ? exits.tryAgain : exits.problems,
    document: { domain: domain.name, verified: sends, dkim_keys: domain.dkim_keys, records: records.map(withFound) },
    value: sends ? 'verified' : 'unverified',
    lines: (style, columns) => [
      ...tableLines(
        rows,
        [
          { title: 'TXT record', text: ({ name }) => name },
          { title: 'seen', text: ({ say }) => say, mark: ({ found }) => (found === 'ours' ? style.good : style.bad) },
          { title: 'by', text: ({ server }) => server },
        ],
        style,
        columns,
      ).slice(rows.length === 0 ? 1 : 0),
      sends ? style.good(`${domain.name} is verified: it may send.`) : `${domain.name} is not verified yet.`,
      keysSentence(domain.dkim_keys),
      `  next: ${program} domains ${isDone ? `show ${domain.name}` : `records ${domain.name}`}`,
    ],
  };
}

/** Beside what each server said, the worst of it. */
function withFound(record: DomainCheck['records'][number]) {
  const order = ['ours', 'no-answer', 'none', 'another'] as const;
  const found = record.servers.map((server) => server.found).sort((a, b) => order.indexOf(b) - order.indexOf(a))[0];
  return { ...record, found: found ?? 'no-answer' };
}

function defineKeys(command: Command, leaf: Leaf, host: CliHost): void {
  const key = command.command('key').description('DKIM keys of a domain: list, rotate, import.').helpCommand(false);
  defineKeyList(key, leaf, host);
  defineKeyRotate(key, leaf, host);
  defineKeyImport(key, leaf, host);
}

function defineKeyList(key: Command, leaf: Leaf, { command: program }: CliHost): void {
  const list = key
    .command('list')
    .argument('<name>', 'the domain')
    .description('Its keys, and what each of them does.');
  leaf(list, [...everywhere, 'lines'], async (run, _options, name) => {
    const domain = await (await run.office()).domain(name);
    return keysAnswer(domain.dkim_keys, `${program} domains records ${domain.name}`);
  });
}

function keysAnswer(keys: Domain['dkim_keys'], next: string): Answer {
  return {
    document: { data: keys },
    rows: keys,
    value: keys.map(({ selector }) => selector).join('\n'),
    lines: (style, columns) => [
      ...tableLines(
        keys,
        [
          { title: 'selector', text: ({ selector }) => selector },
          { title: 'algorithm', text: ({ algorithm }) => algorithm },
          { title: 'state', text: ({ state }) => state },
          { title: 'since (UTC)', text: ({ since }) => moment(since) },
          { title: 'which means', text: meaningOf },
        ],
        style,
        columns,
      ),
      `  next: ${next}`,
    ],
  };
}

function meaningOf({ state, seen_since: seen }: Domain['dkim_keys'][number]): string {
  switch (state) {
    case 'pending':
      return seen === undefined ? 'publish its record' : 'seen everywhere; signs once caches are fresh';
    case 'active':
      return 'signs';
    case 'retiring':
      return 'signs no more; keep its record';
    case 'retired':
      return 'gone; its record may go';
  }
}

function defineKeyRotate(key: Command, leaf: Leaf, { command: program }: CliHost): void {
  const rotate = key
    .command('rotate')
    .argument('<name>', 'the domain')
    .description('Replace its keys: the old ones sign until the new ones are published everywhere.');
  leaf(rotate, everywhere, async (run, _options, name) => {
    const office = await run.office();
    const made = await office.rotateKeys(name);
    const { delegated: isDelegated } = await office.delegation(name);
    const records = made.map(({ record }) => ({ ...record, why: 'DKIM: the next key' }));
    return {
      document: { data: made },
      value: made.map(({ selector }) => selector).join('\n'),
      lines: (style) => [
        style.good(`${made.map(({ selector }) => selector).join(' and ')} will sign for ${readDomain(name)}.`),
        'Until their records are seen at every name server, the old keys go on signing.',
        'The records of the old keys stay published for a week after that.',
        ...(isDelegated
          ? ['The domain is delegated: this office publishes them itself.']
          : ['', ...publishLines(records, style), '']),
        `  next: ${program} domains verify ${readDomain(name)}`,
      ],
    };
  });
}

function defineKeyImport(key: Command, leaf: Leaf, { command: program }: CliHost): void {
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
        `${name}: ${its} (${algorithm}) ${state === 'active' ? 'is signing now' : 'signs once every name server shows its record'}.`,
        `Its record must be published: ${record.name} TXT`,
        record.value,
        `  next: ${program} domains ${state === 'active' ? 'show' : 'verify'} ${name}`,
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

function verifiedWords({ verified, lapse }: Domain): string {
  if (verified === undefined) return 'no';
  if (lapse !== undefined) {
    const since = `its record is gone since ${moment(lapse.since).slice(0, 10)}`;
    return lapse.stopped_at === undefined ? `${since}: sending will stop` : `no more: ${since}`;
  }
  const by = verified.by === 'operator' ? 'by your word' : 'its record was seen';
  return `${moment(verified.at).slice(0, 10)}, ${by}`;
}

function selectorsOf(keys: Domain['dkim_keys']): string {
  const active = keys.filter(({ state }) => state === 'active').map(({ selector }) => selector);
  return active.length === 0 ? 'nothing yet' : active.join(', ');
}
