/** `posthorn test-address`: an address that nobody can guess; what is sent to it is scored. */
import type { Command } from 'commander';
import type { Answer } from '../answer.ts';
import type { CliHost } from '../cli-host.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import type { OfficeClient, Test } from '../office-client.ts';
import { readTimeout } from '../read-options.ts';
import { type ScoredMessage, scoreLines, shownScore } from '../render-score.ts';
import { moment } from '../render-table.ts';
import { visible } from '../render-timeline.ts';
import type { Run } from '../run.ts';

type Options = { readonly domain?: string; readonly timeout: string; readonly wait: boolean };

export function defineTestAddress(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  command
    .argument('[id]', 'of a test that was made before: shows what came of it')
    .option('--domain <domain>', 'where the address is; by default the first domain whose mail comes here')
    .option('--timeout <time>', 'how long to wait for the message', '10m')
    .option('--no-wait', 'make the address and end; look later by its id')
    .addHelpText(
      'after',
      [
        '',
        'Send the message the way its readers get it: same program, same sender. The',
        'office keeps only what it scored, for a week. Exit code 0 at 10 out of 10, 1',
        'when points are lost, 75 when nothing came in time.',
        '',
        `  ${program} test-address`,
        `  ${program} test-address --no-wait --json`,
      ].join('\n'),
    );
  leaf<Options>(command, ['document', 'office', 'data'], test);
}

async function test(run: Run, options: Options, id?: string): Promise<Answer> {
  const office = await run.office();
  if (id !== undefined) return answerOf(run, office, await office.test(id, 0));
  const timeoutMs = readTimeout(options.timeout);
  const made = await office.createTest(options.domain);
  if (!options.wait) return { ...answerOf(run, office, made), exit: exits.ok };
  run.note(`send a message to ${made.address}`);
  run.note(`or look at ${pageOf(office, made)}; waiting ...`);
  return answerOf(run, office, await office.test(made.id, timeoutMs));
}

function answerOf({ host, place }: Run, office: OfficeClient, one: Test): Answer {
  const { result } = one;
  const again = `${host.command} test-address ${one.id}${place.data === undefined ? '' : ` --data ${place.data}`}`;
  if (result === undefined) {
    return {
      exit: exits.tryAgain,
      document: one,
      value: one.address,
      lines: (style) => [
        style.bold(one.address),
        'No message has come yet.',
        '',
        `page   ${pageOf(office, one)}`,
        `until  ${moment(one.expires_at)} UTC`,
        `look   ${again}`,
      ],
    };
  }
  return {
    exit: result.deductions.length > 0 ? exits.problems : exits.ok,
    document: one,
    value: result.score.toFixed(1),
    lines: (style, columns) => [
      ...scoreLines(shownScore(result), messageOf(one), style, columns),
      '',
      style.dim(visible(`came to ${one.address} at ${moment(one.arrived_at ?? one.created_at)} UTC`)),
      style.dim(visible(`page ${pageOf(office, one)}`)),
    ],
  };
}

function messageOf({ from = '', subject = '', session }: Test): ScoredMessage {
  if (session?.remote_address === undefined) return { from, subject, session: {} };
  const { remote_address: remoteAddress, helo, mail_from: mailFrom } = session;
  return { from, subject, session: { remoteAddress, mailFrom, ...(helo !== undefined && { helo }) } };
}

function pageOf(office: OfficeClient, { url }: Test): string {
  return url.startsWith('/') ? `${office.pagesUrl ?? 'the pages of the office: '}${url}` : url;
}
