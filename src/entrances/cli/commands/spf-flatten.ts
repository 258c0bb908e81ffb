/** `posthorn spf flatten`: includes written out as addresses, and later the look at what their owners have changed since. */
import type { Command } from 'commander';
import { fromUtf8 } from '../../../base/bytes.ts';
import { checkFlattened, flattenDomain, gatherSpfFacts, readFingerprint } from '../../../services/setup/setup.ts';
import type { SpfFingerprint } from '../../../services/setup/spf-compiler/types.ts';
import type { Catalogue } from '../../../services/setup/types.ts';
import type { Answer } from '../answer.ts';
import { quoted } from '../describe-failure.ts';
import { exits } from '../exits.ts';
import { each, type Leaf } from '../leaf.ts';
import { bad, readDomain } from '../read-options.ts';
import { checkDocument, checkLines, flatDocument, flatLines } from '../render-spf-flat.ts';
import type { Run } from '../run.ts';

type FlattenOptions = {
  readonly include?: readonly string[];
  readonly check?: string;
  readonly accept?: boolean;
};

export function defineSpfFlatten(spf: Command, leaf: Leaf, program: string): void {
  const flatten = spf.command('flatten').description('Write includes out as addresses, to save lookups.');
  flatten
    .argument('<domain>', 'whose record')
    .option('--include <name>', 'only this include; repeatable (default: all that can be)', each)
    .option('--check <file>', 'what has changed upstream since this was printed by --json')
    .option('--accept', 'with --check: take over large changes as well')
    .addHelpText(
      'after',
      [
        '',
        'From then on nobody but you sees that a provider has moved: keep the JSON, and',
        'look again before the time it says. Includes whose service looks for the very',
        'text stay.',
        'Exit code with --check: 0 nothing has changed, 1 something has.',
        '',
        `  ${program} spf flatten example.com --json > spf.json`,
        `  ${program} spf flatten example.com --check spf.json`,
      ].join('\n'),
    );
  leaf<FlattenOptions>(flatten, ['document', 'dns', 'clock'], flattenRecord);
}

async function flattenRecord(run: Run, options: FlattenOptions, text = ''): Promise<Answer> {
  const name = readDomain(text);
  const { command } = run.host;
  if (options.check !== undefined) return checkRecord(run, options, name, options.check);
  if (options.accept)
    throw bad('options_contradict', '--accept is of use only with --check.', [
      run.again({ without: ['--accept'], plus: '--check spf.json --accept' }),
    ]);
  const facts = await gatherSpfFacts(
    await run.resolver(),
    { name, texts: [], ownRecord: true },
    { signal: run.host.signal },
  );
  const includes = (options.include ?? []).map((one) => readDomain(one.replace(/^include:/i, '')));
  const literal = literalIncludes(await run.host.catalogue());
  const flat = flattenDomain(facts, { name, includes, literal, nowMs: (await run.clock()).nowMs() });
  if (!flat.ok) throw bad(flat.code.replaceAll('-', '_'), `${flat.say}.`, [nextAfter(flat.code, name, command)]);
  return {
    document: flatDocument(flat.value),
    value: flat.value.record,
    lines: (style, columns) => flatLines(flat.value, { style, columns, program: command }, run.again()),
  };
}

function nextAfter(code: string, name: string, command: string): string {
  switch (code) {
    case 'flat-already':
      return `${command} spf flatten ${name} --check FILE`;
    case 'several-records':
    case 'unreadable':
      return `${command} spf merge RECORD...`;
    case 'too-many':
      return `${command} spf flatten ${name} --include NAME`;
    default:
      return `${command} spf tree ${name}`;
  }
}

/** What a service looks for letter by letter is not to be replaced by what it means. */
export function literalIncludes(catalogue: Catalogue): ReadonlyMap<string, string> {
  return new Map(
    catalogue.all.flatMap(({ name, spf }) =>
      spf
        .filter(({ literal }) => literal === true)
        .flatMap(({ terms }) => terms.filter((term) => /^include:[^{%]+$/.test(term)))
        .map((term) => [term.slice('include:'.length), `${name} looks for its very text`] as const),
    ),
  );
}

async function checkRecord(run: Run, { accept = false }: FlattenOptions, name: string, file: string): Promise<Answer> {
  const { command } = run.host;
  const print = readFingerprint(fromUtf8(await run.host.readFile(file)));
  if (!print.ok)
    throw bad('bad_fingerprint', `${file}: ${print.say}.`, [
      run.again({ without: ['--check', '--accept'], plus: `--json > ${quoted(file)}` }),
    ]);
  if (print.value.domain !== name)
    throw bad('other_domain', `${file} is about ${print.value.domain}, not ${name}.`, [
      `${command} spf flatten ${print.value.domain} --check ${quoted(file)}`,
    ]);
  const facts = await gatherSpfFacts(await run.resolver(), wantedFor(print.value, readDomain(name)), {
    signal: run.host.signal,
  });
  const checked = checkFlattened(facts, print.value, (await run.clock()).nowMs());
  if (!checked.ok)
    throw bad(checked.code.replaceAll('-', '_'), `${checked.say}.`, [nextAfter(checked.code, name, command)]);
  const shown = { check: checked.value, before: print.value, isTaken: accept || !checked.value.needsConsent };
  return {
    exit: checked.value.hasChanged || checked.value.isDrifted ? exits.problems : exits.ok,
    document: checkDocument(shown),
    value: checked.value.hasChanged ? 'changed' : 'same',
    lines: (style, columns) => checkLines(shown, quoted(file), { style, columns, program: command }),
  };
}

function wantedFor({ sources, original }: SpfFingerprint, name: ReturnType<typeof readDomain>) {
  return { name, texts: [original, ...sources.map(({ include }) => `include:${include}`)], ownRecord: true };
}
