/** `posthorn events`: the log of what happened, its end or as it grows. */
import type { Command } from 'commander';
import { nearest } from '../../../base/nearest.ts';
import { type EventType, eventTypes, isEventType } from '../../../services/events/types.ts';
import { jsonLine } from '../answer.ts';
import { CliError } from '../cli-error.ts';
import type { CliHost } from '../cli-host.ts';
import { exits } from '../exits.ts';
import { each, type Leaf } from '../leaf.ts';
import type { Event, EventFilter } from '../office-client.ts';
import { bad, readCount } from '../read-options.ts';
import { moment } from '../render-table.ts';
import { visible } from '../render-timeline.ts';
import type { Run } from '../run.ts';
import type { Style } from '../style.ts';

type Options = {
  readonly follow?: boolean;
  readonly types?: readonly string[];
  readonly subject?: string;
  readonly limit: string;
};

const limitMax = 10_000;

export function defineEvents(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  command
    .option('--follow', 'print what happens from now on, until Ctrl-C')
    .option('--types <types>', 'only these: email.delivered,email.bounced; repeatable', each)
    .option('--subject <id>', 'only what happened to this message or domain')
    .option('--limit <count>', 'the last ones, so many', '20')
    .addHelpText('after', ['', 'Types:', ...Object.keys(eventTypes).map((type) => `  ${type}`)].join('\n'));
  leaf<Options>(command, ['document', 'lines', 'office', 'data'], async (run, options) => {
    const filter: EventFilter = {
      ...(options.types && { types: readTypes(options.types, program) }),
      ...(options.subject === undefined ? {} : { subject: options.subject }),
    };
    if (options.follow) return follow(run, filter);
    const list = await (await run.office()).events(filter, readCount(options.limit, '--limit', limitMax));
    return {
      document: { data: list },
      rows: list,
      lines: (style) =>
        list.length === 0 ? ['Nothing of that kind happened yet.'] : list.map((one) => eventLine(one, style)),
    };
  });
}

async function follow(run: Run, filter: EventFilter): Promise<number> {
  const { host, format } = run;
  if (format === 'json') {
    throw new CliError({
      exit: exits.usage,
      code: 'options_contradict',
      say: 'What never ends is not one JSON document.',
      next: `${host.command} events --follow --jsonl`,
    });
  }
  const office = await run.office();
  for await (const event of office.follow(filter, host.signal))
    host.out(format === 'jsonl' ? jsonLine(event) : `${eventLine(event, host.outStyle)}\n`);
  return exits.ok;
}

function readTypes(given: readonly string[], program: string): EventType[] {
  return given
    .flatMap((types) => types.split(','))
    .map((type) => {
      if (isEventType(type)) return type;
      const like = nearest(type, Object.keys(eventTypes));
      const asked = like === undefined ? '.' : `; did you mean ${like}?`;
      throw bad('unknown_event_type', `${type} is no type of event${asked}`, [
        like === undefined ? `${program} events --help` : `${program} events --types ${like}`,
      ]);
    });
}

/** Time, what, to whom, and what tells most of it. */
function eventLine({ at, type, subject, data }: Event, style: Style): string {
  return `${style.dim(moment(at))}  ${style.bold(type.padEnd(15))}  ${visible(subject)}  ${visible(told(data))}`.trimEnd();
}

function told(data: Event['data']): string {
  const { from, mail_from: sender, recipients, recipient, disposition, say } = data;
  if (Array.isArray(recipients))
    return [`${from ?? (sender || '<>')} -> ${recipients.join(', ')}`, disposition].filter(Boolean).join(': ');
  const words = [recipient, say].filter((one) => typeof one === 'string');
  return (words.length > 0 ? words : Object.values(data).filter((one) => typeof one === 'string')).join(' ');
}
