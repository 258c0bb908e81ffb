/** `posthorn spf merge`: several SPF records become one that means all of them, counted before anybody publishes it. */
import type { Command } from 'commander';
import { fromUtf8 } from '../../../base/bytes.ts';
import { type DomainName, parseDomainName, type QueryName } from '../../../format/domain-name.ts';
import type { DnsAnswer, RecordData } from '../../../protocol/dns/types.ts';
import { createSpfCompiler, gatherSpfFacts, looksLikeSpf } from '../../../services/setup/setup.ts';
import type { SpfFacts, SpfFactType, SpfWish } from '../../../services/setup/spf-compiler/types.ts';
import type { Answer } from '../answer.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import { bad, readDomain } from '../read-options.ts';
import { readStdin } from '../read-stdin.ts';
import { isGoodProposal, proposalDocument, proposalLines } from '../render-spf-proposal.ts';
import type { Run } from '../run.ts';
import { literalIncludes } from './spf-flatten.ts';

type MergeOptions = { readonly domain?: string };

export function defineSpfMerge(spf: Command, leaf: Leaf, program: string): void {
  const merge = spf.command('merge').description('Several records become the one that means all of them.');
  merge
    .argument('<record...>', 'each a whole record in quotes; "-" reads one a line from the standard input')
    .option('--domain <name>', 'whose record it will be: for "a" and "mx" without a name')
    .addHelpText(
      'after',
      [
        '',
        'The record that is there comes first: its order stays, and how it ends. Then',
        'what each provider asks for. Nothing is lost: what is left out is named with',
        'the reason.',
        'Exit code 1 when the record is over a limit or something could not be read.',
        '',
        `  ${program} spf merge "v=spf1 include:_spf.google.com -all" \\`,
        `    "v=spf1 include:sendgrid.net ~all"`,
      ].join('\n'),
    );
  leaf<MergeOptions>(merge, ['document', 'dns'], mergeRecords);
}

/** Far more than anybody has; bounds what a file by mistake would cost. */
const recordsMax = 1_000;

async function mergeRecords(run: Run, { domain }: MergeOptions, ...words: string[]): Promise<Answer> {
  const texts = (await Promise.all(words.map((word) => (word === '-' ? linesOfInput(run) : [word])))).flat();
  const records = texts.map((text) => recordOf(run, text));
  const [first, ...others] = records;
  if (first === undefined || records.length > recordsMax)
    throw bad('no_record', first === undefined ? 'no record is given.' : `more than ${recordsMax} records are given.`, [
      `${run.host.command} spf merge "v=spf1 include:a.example -all" "v=spf1 mx ~all"`,
    ]);
  const wanted = others.map((text, at): SpfWish => ({ sender: labelOf(at + 2), terms: [text], aligns: 'yes' }));
  const name = domain === undefined ? nobody : readDomain(domain);
  const facts = await gatherSpfFacts(
    await run.resolver(),
    { name, texts: records, ownRecord: false },
    { signal: run.host.signal },
  );
  const proposal = createSpfCompiler().compile(domain === undefined ? withoutOwn(facts) : facts, {
    name,
    present: [first],
    presentFrom: labelOf(1),
    wanted,
    respell: true,
    literal: new Set(literalIncludes(await run.host.catalogue()).keys()),
  });
  const shown = { proposal, records, isNamed: domain !== undefined };
  return {
    exit: isGoodProposal(shown) ? exits.ok : exits.problems,
    document: proposalDocument(shown),
    ...(proposal.record !== undefined && { value: proposal.record }),
    lines: (style, columns) => proposalLines(shown, { style, columns, program: run.host.command }),
  };
}

async function linesOfInput(run: Run): Promise<string[]> {
  const text = fromUtf8(await readStdin(run.host));
  return text.split(/\r?\n/).filter((line) => line.trim() !== '');
}

/** A record, or terms alone as providers' pages show them. */
function recordOf(run: Run, text: string): string {
  if (looksLikeSpf(text)) return text;
  const asTerms = `v=spf1 ${text}`;
  if (/^[-+~?]?(?:include|a|mx|ptr|exists|ip4|ip6|all|redirect|exp)\b/i.test(text)) return asTerms;
  throw bad(
    'bad_record',
    `"${text.length > 60 ? `${text.slice(0, 60)}...` : text}" is no SPF record: it begins with v=spf1.`,
    [`${run.host.command} spf merge "v=spf1 include:a.example -all" "v=spf1 mx ~all"`],
  );
}

const labelOf = (number: number) => `record ${number}`;

/** Whose record it will be, when nobody said: a name that cannot exist. RFC 2606 §2 */
const nobody = parseDomainName('domain.invalid') as DomainName;

/** What `a` and `mx` stand for is not known then, which is not the same as nothing. */
function withoutOwn(facts: SpfFacts): SpfFacts {
  return {
    lookup: <T extends SpfFactType>(name: QueryName, type: T): DnsAnswer<RecordData[T]> =>
      name === nobody ? { kind: 'found', records: [], ttlSeconds: 0, secure: false } : facts.lookup(name, type),
  };
}
