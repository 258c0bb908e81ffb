/** `posthorn tools`: one box for anything of mail; it finds the tool whose answer is wanted. */
import type { Command } from 'commander';
import { fromUtf8, utf8 } from '../../../base/bytes.ts';
import { Fault } from '../../../base/outcome.ts';
import { normaliseLineEnds } from '../../../format/line-ends.ts';
import { explainMessage, explainRecord, findCheck, type NamedCheck } from '../../../services/advice/advice.ts';
import type { Answer } from '../answer.ts';
import type { CliHost } from '../cli-host.ts';
import { explanationDocument } from '../explanation-document.ts';
import type { Leaf } from '../leaf.ts';
import type { Others } from '../program.ts';
import { bad } from '../read-options.ts';
import { readStdin } from '../read-stdin.ts';
import { explanationLines, headerPartLines } from '../render-explanation.ts';
import { recordLines } from '../render-record.ts';
import { wrapped } from '../render-timeline.ts';
import type { Run, SharedOptions } from '../run.ts';
import { recordText, type ToolChoice, whichTool } from '../which-tool.ts';

export function defineTools(command: Command, leaf: Leaf, { command: program }: CliHost, others: Others): void {
  command
    .argument('<what...>', 'a domain, an address, a record, header lines, a reply, a file; - is stdin')
    .addHelpText(
      'after',
      [
        '',
        `  ${program} tools example.com`,
        `  ${program} tools 192.0.2.10`,
        `  ${program} tools "v=DMARC1; p=none"`,
        `  ${program} tools "550 5.7.26 This message does not pass authentication"`,
        `  ${program} tools SPF-05`,
        `  ${program} tools message.eml`,
      ].join('\n'),
    );
  leaf<SharedOptions>(command, ['document', 'dns', 'clock'], (run, options, ...given) =>
    answerWith({ run, options, runLine: others.run }, given),
  );
}

const widthDefault = 80;

type Asked = { readonly run: Run; readonly options: SharedOptions; readonly runLine: Others['run'] };

async function answerWith(asked: Asked, given: readonly string[]): Promise<Answer | number> {
  const { run } = asked;
  const { host } = run;
  const file = given.length === 1 ? await fileOf(host, given[0] ?? '') : undefined;
  if (file !== undefined && looksLikeMessage(file)) return passOn(asked, fileTool(file, given[0] ?? '-'), file);
  const text = file === undefined ? given.join(' ') : fromUtf8(file);
  const tool = (await senderTool(host, text)) ?? whichTool(text);
  if (tool?.kind === 'command') return passOn(asked, tool);
  if (tool?.kind === 'header') return headerAnswer(run, text);
  const check = findCheck(text);
  if (check !== undefined) return checkAnswer(check);
  const record = tool?.kind === 'record' ? explainRecord(recordText(text)) : undefined;
  if (record !== undefined)
    return { document: record, value: record.kind, lines: (style, columns) => recordLines(record, style, columns) };
  const known = 'a domain, an address, a DNS record, lines of a header, the reply of a server, or a file';
  throw bad('nothing_known', `That is nothing a tool here knows: it takes ${known}.`, [
    `${run.host.command} tools example.com`,
  ]);
}

/** What a finding, a lost point or a refusal names by its id. */
function checkAnswer(check: NamedCheck): Answer {
  const parts = [
    ['fails', check.fails],
    ['why', check.why],
    ['fix', check.fix],
  ] as const;
  return {
    document: check,
    value: check.title,
    lines: (style, columns = widthDefault) => [
      `${style.bold(`${check.id}  ${check.title}`)}  ${style.dim(check.severity)}`,
      ...parts.flatMap(([label, text]) =>
        wrapped(text, columns - 8).map((line, at) => `  ${(at === 0 ? label : '').padEnd(6)}${line}`),
      ),
    ],
  };
}

/** One word that is the id of a sender, as `senders list` has it. */
async function senderTool(host: CliHost, text: string): Promise<ToolChoice | undefined> {
  if (!/^[a-z0-9-]{2,40}$/.test(text.trim())) return undefined;
  const sender = (await host.catalogue()).find(text.trim());
  return sender && { kind: 'command', words: ['senders', 'show', sender.id], takes: [], say: 'a service that sends' };
}

/** The octets of what is no text of its own: a file that is there, or the standard input. */
async function fileOf(host: CliHost, given: string): Promise<Uint8Array | undefined> {
  if (given === '-') return readStdin(host);
  if (/\s/.test(given)) return undefined;
  try {
    return await host.readFile(given);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** Header fields, an empty line, something below. */
function looksLikeMessage(octets: Uint8Array): boolean {
  return /^(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+\r?\n/.test(fromUtf8(octets.subarray(0, 65_536)));
}

function fileTool(octets: Uint8Array, path: string): Extract<ToolChoice, { kind: 'command' }> {
  const head = fromUtf8(octets.subarray(0, 65_536));
  const isBounce = /^content-type:\s*multipart\/report;[^\n]*(?:\n[ \t][^\n]*)*delivery-status/im.test(head);
  return isBounce
    ? { kind: 'command', words: ['explain-bounce', path], takes: [], say: 'a bounce' }
    : { kind: 'command', words: ['explain', path], takes: ['dns', 'clock'], say: 'a message' };
}

/** @param stdin what the standard input held, for a command that reads it again */
function passOn(
  { run, options, runLine }: Asked,
  { words, takes, say }: Extract<ToolChoice, { kind: 'command' }>,
  stdin?: Uint8Array,
): Promise<number> {
  const { host } = run;
  run.note(`${say}: ${host.command} ${words.map(quoted).join(' ')}`);
  const shared = [
    ...(options.json ? ['--json'] : []),
    ...(options.quiet ? ['--quiet'] : []),
    ...(takes.includes('dns') ? (options.resolver ?? []).flatMap((one) => ['--resolver', one]) : []),
    ...(takes.includes('dns') ? (options.zone ?? []).flatMap((one) => ['--zone', one]) : []),
    ...(takes.includes('clock') && options.clock !== undefined ? ['--clock', options.clock] : []),
  ];
  const [first = '', ...rest] = words;
  const behind = stdin === undefined ? host : { ...host, stdin: { isTerminal: false, chunks: () => oneChunk(stdin) } };
  return runLine([first, ...rest, ...shared], behind);
}

function quoted(word: string): string {
  return /\s/.test(word) ? `"${word}"` : word;
}

async function* oneChunk(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  yield octets;
}

async function headerAnswer(run: Run, text: string): Promise<Answer> {
  const clock = await run.clock();
  const header = normaliseLineEnds(utf8(`${text.trimEnd()}\n\n`));
  if (!header.ok) throw bad('bare_cr', 'The lines end in a bare CR.', ['give them with LF or CRLF at their ends']);
  const explanation = await explainMessage(header.value, { nowMs: clock.nowMs() });
  return {
    document: explanationDocument(explanation),
    value: explanation.alignment.verdict,
    lines: (style, columns) =>
      (explanation.from.shown === '' ? headerPartLines : explanationLines)(explanation, style, columns),
  };
}
