/** `posthorn senders`: the catalogue of services that send for a domain, what one of them wants, and whose a name is. */
import type { Command } from 'commander';
import { invariant } from '../../../base/outcome.ts';
import { normaliseLineEnds } from '../../../format/line-ends.ts';
import { indexMessage } from '../../../format/message/message-index.ts';
import {
  gatherSigns,
  parseDeclaredSender,
  recognise,
  senderWants,
  signsOfMessage,
} from '../../../services/setup/setup.ts';
import type { Catalogue, SenderDefinition } from '../../../services/setup/types.ts';
import type { Answer } from '../answer.ts';
import { CliError } from '../cli-error.ts';
import type { CliHost } from '../cli-host.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import { bad, readDomain } from '../read-options.ts';
import { recogniseWord } from '../recognise-word.ts';
import { recognitionDocument, recognitionLines, wordDocument, wordLines } from '../render-recognition.ts';
import { listDocument, listLines, senderDocument, senderLines } from '../render-senders.ts';
import type { Run } from '../run.ts';

export function defineSenders(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  command
    .usage('[list] | show ID | recognise NAME...')
    .addHelpText('after', `\n  ${program} senders\n  ${program} senders show sendgrid`);
  const list = command.command('list', { isDefault: true }).description('Every sender of the catalogue.');
  list
    .argument('[word...]', 'only those with this in their id, name or family')
    .addHelpText(
      'after',
      `\nThe columns SPF and DKIM say whether its mail can pass DMARC that way.\n\n  ${program} senders list campaigns`,
    );
  leaf(list, ['document'], listSenders);
  const show = command.command('show').description('What one sender wants in DNS, and how it is set up.');
  show
    .argument('<id>', 'as `senders list` has it; with values: sendgrid:id=12,server=wl34')
    .option('--domain <name>', 'who it sends for (default: example.com)')
    .addHelpText('after', `\n  ${program} senders show own:192.0.2.10 --domain example.com`);
  leaf<{ readonly domain?: string }>(show, ['document'], showSender);
  const tell = command.command('recognise').description('Whose is this name? Or: who sends for this domain?');
  tell
    .argument('[name...]', 'from a DNS record, a header or a report; an IP address; a message (.eml)')
    .option('--domain <name>', 'look into the DNS of this domain: MX, SPF, keys, return paths')
    .addHelpText(
      'after',
      [
        '',
        'A name is tried as the target of a DKIM key, then as a selector, as d= of a',
        'signature, in SPF, as MX, as the name of a machine: the first that fits decides.',
        "Exit code 1 when a name is nobody's.",
        '',
        `  ${program} senders recognise dkim2.mcsv.net include:spf.mtasv.net 192.0.2.1`,
        `  ${program} senders recognise --domain example.com`,
        `  ${program} senders recognise message.eml`,
      ].join('\n'),
    );
  leaf<{ readonly domain?: string }>(tell, ['document', 'dns'], tellSenders);
}

async function listSenders(run: Run, _options: object, ...words: string[]): Promise<Answer> {
  const catalogue = await run.host.catalogue();
  const senders = catalogue.all.filter((sender) => words.every((word) => hasWord(sender, word.toLowerCase())));
  if (senders.length === 0)
    throw bad('unknown_sender', `no sender has ${words.join(' ')} in its name.`, [`${run.host.command} senders list`]);
  return {
    document: senders.map(listDocument),
    rows: senders.map(listDocument),
    value: senders.map(({ id }) => id).join('\n'),
    lines: (style) => listLines(senders, style, run.host.command),
  };
}

function hasWord({ id, name, family }: SenderDefinition, word: string): boolean {
  return [id, name.toLowerCase(), family].some((text) => text.includes(word));
}

async function showSender(run: Run, options: { readonly domain?: string }, text = ''): Promise<Answer> {
  const catalogue = await run.host.catalogue();
  const domain = readDomain(options.domain ?? 'example.com');
  const declared = parseDeclaredSender(catalogue, text);
  if (!declared.ok) throw refused(run, catalogue, text, declared);
  const sender = catalogue.find(declared.value.sender);
  invariant(sender, 'what was parsed is in the catalogue');
  const wants = senderWants(sender, domain, declared.value.parameters);
  if (!wants.ok) throw refused(run, catalogue, text, wants);
  return {
    document: senderDocument(wants.value),
    value: sender.id,
    lines: (style, columns) => senderLines(wants.value, { domain, style, columns, program: run.host.command }),
  };
}

function refused(
  run: Run,
  catalogue: Catalogue,
  text: string,
  refusal: { readonly code: string; readonly say: string },
) {
  const id = text.split(':', 1)[0] ?? '';
  const next = `${run.host.command} senders ${catalogue.find(id) ? `show ${id}` : 'list'}`;
  const say = /[.?]$/.test(refusal.say) ? refusal.say : `${refusal.say}.`;
  return bad(refusal.code.replaceAll('-', '_'), say, [next]);
}

async function tellSenders(run: Run, options: { readonly domain?: string }, ...words: string[]): Promise<Answer> {
  if (options.domain !== undefined) return tellOfDomain(run, options.domain);
  const [file, ...more] = words;
  if (file === undefined)
    throw bad('no_name', 'nothing is given to recognise.', [
      `${run.host.command} senders recognise --domain example.com`,
    ]);
  if (file.toLowerCase().endsWith('.eml') && more.length === 0) return tellOfMessage(run, file);
  const catalogue = await run.host.catalogue();
  const told = await Promise.all(words.map((word) => recogniseWord(run, catalogue, word)));
  return {
    exit: told.every(({ match }) => match !== undefined) ? exits.ok : exits.problems,
    document: told.map(wordDocument),
    rows: told.map(wordDocument),
    value: told.map(({ match }) => match?.sender.id ?? '-').join('\n'),
    lines: (style, columns) => wordLines(told, { style, columns, program: run.host.command }),
  };
}

/** Some 150 questions; where name servers are slow, what was not answered by then is said. */
const lookMs = 30_000;

async function tellOfDomain(run: Run, text: string): Promise<Answer> {
  const domain = readDomain(text);
  const catalogue = await run.host.catalogue();
  const signal = AbortSignal.any([run.host.signal, AbortSignal.timeout(lookMs)]);
  const gathered = await gatherSigns(await run.resolver(), catalogue, domain, { signal });
  const recognition = recognise(catalogue, gathered.signs);
  const { hasWildcardKeys, hasOtherKeys, failed } = gathered;
  if (failed.includes(domain) && recognition.senders.length === 0) throw noAnswer(domain);
  return {
    exit: recognition.senders.length > 0 ? exits.ok : exits.problems,
    document: {
      domain,
      ...recognitionDocument(recognition),
      wildcard_keys: hasWildcardKeys,
      other_keys: hasOtherKeys,
      failed,
    },
    value: recognition.senders.map(({ sender }) => sender.id).join('\n'),
    lines: (style, columns) =>
      recognitionLines(recognition, {
        style,
        columns,
        program: run.host.command,
        domain,
        hasWildcardKeys,
        hasOtherKeys,
        failed,
      }),
  };
}

function noAnswer(domain: string): CliError {
  return new CliError({
    exit: exits.unavailable,
    code: 'no_answer',
    say: `The DNS gives no answer for ${domain}.`,
    next: 'ask another name server (--resolver 192.0.2.53), or give the zone (--zone FILE)',
  });
}

/** What stands in the header: nothing is asked of the DNS. */
async function tellOfMessage(run: Run, file: string): Promise<Answer> {
  const octets = await run.host.readFile(file);
  const normal = normaliseLineEnds(octets);
  const { author, ...signs } = signsOfMessage(indexMessage(normal.ok ? normal.value : octets));
  const recognition = recognise(await run.host.catalogue(), signs);
  return {
    exit: recognition.senders.length > 0 ? exits.ok : exits.problems,
    document: { author: author ?? null, ...recognitionDocument(recognition) },
    value: recognition.senders[0]?.sender.id ?? '-',
    lines: (style, columns) =>
      recognitionLines(recognition, { style, columns, program: run.host.command, author, failed: [] }),
  };
}
