/** `posthorn streams`: mail that is kept apart, and the lowest score it may have. */
import { type Command, Option } from 'commander';
import { streamKinds } from '../../../services/directory/types.ts';
import type { SetStream, Stream } from '../../http/schemas/streams.ts';
import type { CliHost } from '../cli-host.ts';
import type { Leaf } from '../leaf.ts';
import { bad } from '../read-options.ts';
import { tableLines } from '../render-table.ts';
import { visible } from '../render-timeline.ts';

type SetOptions = {
  readonly kind?: SetStream['kind'];
  readonly minScore?: string;
  readonly whenUnscored?: SetStream['when_unscored'];
};

export function defineStreams(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const set = command
    .command('set')
    .argument('<name>', '"default" is the stream of all mail that names none')
    .description('Make a stream, or change one; what is not named stays as it is.')
    .option('--min-score <0..10>', 'refuse what would be scored lower; none: take it away')
    .addOption(new Option('--kind <kind>', 'bulk: to many, so the rules for newsletters count').choices(streamKinds))
    .addOption(
      new Option('--when-unscored <what>', 'what becomes of mail whose score cannot be told in time').choices([
        'send',
        'refuse',
      ]),
    )
    .addHelpText(
      'after',
      [
        '',
        'With a lowest score every message of the stream is scored before it is taken,',
        'as its receivers would see it; below it is refused with what is to be mended.',
        'A message names its stream: "stream" in the API, Posthorn-Stream in its header.',
        '',
        `  ${program} streams set default --min-score 8`,
        `  ${program} streams set news --kind bulk --min-score 9`,
      ].join('\n'),
    );
  leaf<SetOptions>(set, ['document', 'office', 'data'], async (run, { kind, minScore, whenUnscored }, name) => {
    const office = await run.office({ make: true });
    const stream = await office.setStream(name, {
      ...(kind !== undefined && { kind }),
      ...(minScore !== undefined && { min_score: readScore(minScore) }),
      ...(whenUnscored !== undefined && { when_unscored: whenUnscored }),
    });
    return { document: stream, value: stream.name, lines: () => [sentence(stream), `  next: ${program} streams list`] };
  });

  const list = command.command('list', { isDefault: true }).description('All streams.');
  leaf(list, ['document', 'lines', 'office', 'data'], async (run) => {
    const streams = await (await run.office()).streams();
    return {
      document: { data: streams },
      rows: streams,
      value: streams.map(({ name }) => name).join('\n'),
      lines: (style, columns) =>
        tableLines(
          streams,
          [
            { title: 'stream', text: ({ name }) => name },
            { title: 'kind', text: ({ kind }) => kind },
            { title: 'lowest score', text: ({ min_score: min }) => (min === null ? 'none' : String(min)) },
            { title: 'not scored', text: ({ min_score: min, when_unscored: then }) => (min === null ? '' : then) },
          ],
          style,
          columns,
        ),
    };
  });

  const remove = command
    .command('remove')
    .argument('<name>')
    .description('End a stream. Messages that name it are refused from then on.');
  leaf(remove, ['document', 'office', 'data'], async (run, _options, name) => {
    await (await run.office()).removeStream(name);
    return {
      document: { name, removed: true },
      value: name,
      lines: () => [`${visible(name)} is gone.`, `  next: ${program} streams list`],
    };
  });
}

function readScore(text: string): number | null {
  if (text === 'none') return null;
  const score = /^\d{1,2}(\.\d)?$/.test(text) ? Number(text) : Number.NaN;
  if (score <= 10) return score;
  throw bad('bad_score', `${text} is no score`, ['give a number from 0 to 10 with at most one decimal, or none']);
}

function sentence({ name, kind, min_score: min, when_unscored: then }: Stream): string {
  const many = kind === 'bulk' ? 'goes to many, and ' : '';
  if (min === null) return `Mail of the stream ${name} ${many}leaves with any score.`;
  const unscored =
    then === 'send' ? 'what cannot be scored in time is sent' : 'what cannot be scored in time is refused';
  return `Mail of the stream ${name} ${many}needs a score of ${min}; ${unscored}.`;
}
