/** The story as people read it: in the terminal chapter by chapter, as a page of the guides, and as a document for programs. Pure. */
import { deductionLines } from '../../../entrances/cli/render-score.ts';
import { wrapped } from '../../../entrances/cli/render-timeline.ts';
import { plainStyle } from '../../../entrances/cli/style.ts';
import type { SetupRecord } from '../../../services/setup/types.ts';
import type { Telling } from '../narrate.ts';
import type { StoryState } from './story.ts';
import { storyOpening, storyWords } from './story-words.ts';
import { masterText } from './story-world.ts';

const widthDefault = 80;
const indent = '   ';

export function tellOpening({ style, columns = widthDefault }: Pick<Telling, 'style' | 'columns'>): string {
  const lines = [
    style.bold('From 2 to 10: one domain, five messages, sent for real inside this machine'),
    '',
    ...paragraph(storyOpening, columns, ''),
  ];
  return `${lines.join('\n')}\n\n`;
}

/** @param at from 0 */
export function tellState(state: StoryState, at: number, { style, columns = widthDefault }: Telling): string {
  const words = storyWords[state.name];
  const { result } = state;
  const paint = result.tenths >= 80 ? style.good : result.tenths < 50 ? style.bad : (text: string) => text;
  const added = state.records.filter(({ isNew }) => isNew);
  const lines = [
    style.bold(`${at + 1}  ${words.title}`),
    '',
    ...paragraph(words.opening, columns),
    '',
    ...(added.length === 0 ? [style.dim(`${indent}; nothing new in the DNS`)] : digLines(added, columns)),
    '',
    ...sentLines(state, columns),
    '',
    `${indent}${style.bold(paint(`${result.score.toFixed(1)} out of 10`))}  ${result.band.say}`,
    ...deductionLines(result.deductions, { style, columns }),
    '',
    ...paragraph([words.lesson], columns).map(style.dim),
    ...state.problems.map((problem) => style.bad(`   !! expected, and did not happen: ${problem}`)),
  ];
  return `${lines.join('\n')}\n\n`;
}

function paragraph(lines: readonly string[], columns: number, lead = indent): readonly string[] {
  return wrapped(lines.join(' '), columns - lead.length).map((line) => `${lead}${line}`);
}

/** As dig prints answers; a long value is cut. */
function digLines(records: readonly SetupRecord[], columns: number): readonly string[] {
  return records.map(({ name, type, value }) => {
    const line = `${indent}${name}. IN ${type} ${masterText(type, value)}`;
    return line.length <= columns ? line : `${line.slice(0, columns - 1)}…`;
  });
}

/** What in the header tells who sent it. Keys, hashes and signatures are shortened. */
function sentLines({ fields, sentBy, folder }: StoryState, columns: number): readonly string[] {
  const shown = fields.map(({ name, value }) => `${name}: ${shortened(name, value)}`);
  return [
    ...paragraph([`handed over by ${sentBy}, and put into ${folder}:`], columns),
    ...shown.flatMap((field) => hanging(field, columns)),
  ];
}

function hanging(text: string, columns: number): readonly string[] {
  return wrapped(text, columns - 2 * indent.length).map((line, at) => `${indent}${at === 0 ? '' : indent}${line}`);
}

function shortened(name: string, value: string): string {
  if (name !== 'DKIM-Signature') return value.replaceAll(/ header\.b=[^\s;]+/g, '');
  const tags = value.split(/;\s*/).filter((tag) => /^[ads]=/.test(tag));
  return `${tags.join('; ')}; …`;
}

/** `posthorn sandbox --story --json`. `points` are what a deduction costs. */
export function storyDocument(states: readonly StoryState[]) {
  return {
    ok: states.every(({ ok }) => ok),
    states: states.map(({ name, result, records, verdicts, fields, mailFrom, author, problems }) => ({
      name,
      score: result.score,
      band: result.band,
      deductions: result.deductions.map(({ check, tenths, say, fix }) => ({ check, points: tenths / 10, say, fix })),
      records: records.map(({ name: at, type, value, isNew }) => ({ name: at, type, value, new: isNew })),
      verdicts,
      author,
      mail_from: mailFrom,
      fields,
      ...(problems.length > 0 && { problems }),
    })),
  };
}

const pageColumns = 100;

/** docs/guides/from-2-to-10.md, all of whose figures come from a run. */
export function storyPage(states: readonly StoryState[]): readonly string[] {
  return [
    'A talk that many have sat through ends with a mail tester’s number going from 2 to 10. Here it is with every record, every header and',
    'every lost point. `posthorn sandbox --story` plays it on your machine with really sent mail; this page is what it printed.',
    '',
    ...storyOpening,
    '',
    '| | published | score | |',
    '|---|---|---|---|',
    ...states.map(({ name, result }, at) => {
      const { title } = storyWords[name];
      return `| ${at + 1} | ${title} | **${result.score.toFixed(1)}** | ${result.band.say} |`;
    }),
    '',
    ...states.flatMap((state, at) => pageChapter(state, at)),
    '## Try it with your own',
    '',
    '`posthorn check DOMAIN` says for a domain what this page says for startup.example; `posthorn score FILE.eml` scores one message.',
    'What each check looks at, and what it costs, stands in [FINDINGS.md](../FINDINGS.md).',
    '',
  ];
}

function pageChapter(state: StoryState, at: number): readonly string[] {
  const { title, opening, lesson } = storyWords[state.name];
  const { result } = state;
  const added = state.records.filter(({ isNew }) => isNew);
  return [
    `## ${at + 1}. ${title}: ${result.score.toFixed(1)}`,
    '',
    ...opening,
    '',
    '```',
    ...(added.length === 0 ? ['; nothing new in the DNS'] : digLines(added, pageColumns)).map(unindented),
    '```',
    '',
    'What the receiver got:',
    '',
    '```',
    ...sentLines(state, pageColumns).slice(1).map(unindented),
    '```',
    '',
    `**${result.score.toFixed(1)} out of 10**: ${result.band.say}.`,
    '',
    ...(result.deductions.length === 0
      ? []
      : ['```', ...deductionLines(result.deductions, { style: plainStyle, columns: pageColumns }), '```', '']),
    lesson,
    '',
  ];
}

function unindented(line: string): string {
  return line.startsWith(indent) ? line.slice(indent.length) : line;
}
