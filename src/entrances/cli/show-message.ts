/** One sent message for people: its facts, where each recipient stands, and its timeline. Pure. */
import { type ExitCode, exits } from './exits.ts';
import type { Email, TimelineStep } from './office-client.ts';
import { adviceLines } from './render-bounce.ts';
import { factLines, moment, tableLines } from './render-table.ts';
import { timelineLines, visible } from './render-timeline.ts';
import type { Style } from './style.ts';

type Recipient = Email['recipients'][number];

export function messageLines(
  email: Email,
  steps: readonly TimelineStep[],
  style: Style,
  columns: number | undefined,
): string[] {
  const facts: (readonly [string, string])[] = [
    ['from', email.from === '' ? '(unclear)' : email.from],
    ['subject', email.subject === '' ? '(none)' : email.subject],
    ['accepted', `${moment(email.created_at)} UTC, ${email.size} octets, by ${email.account}`],
  ];
  if (email.tags.length > 0) facts.push(['tags', email.tags.join(', ')]);
  const timeline = steps.map((step) => ({ ...step, atMs: Date.parse(step.at) }));
  return [
    style.bold(email.id),
    ...factLines(facts, style),
    '',
    ...recipientLines(email.recipients, style, columns),
    ...email.recipients.flatMap((recipient) => refusalLines(recipient, style, columns)),
    ...(timeline.length === 0 ? [] : ['', ...timelineLines(timeline, style, columns)]),
  ];
}

function recipientLines(recipients: readonly Recipient[], style: Style, columns: number | undefined): string[] {
  return tableLines(
    recipients,
    [
      { title: 'recipient', text: ({ address }) => address },
      { title: 'state', text: ({ state }) => state, mark: ({ state }) => markOf(state, style) },
      { title: 'says', text: saysOf },
    ],
    style,
    columns,
  );
}

/** What a receiver's no means, and what to do. */
function refusalLines({ address, refusal }: Recipient, style: Style, columns: number | undefined): string[] {
  if (refusal === undefined) return [];
  return [
    '',
    `${style.bold(visible(address))} was refused${refusal.receiver === undefined ? '' : ` by ${refusal.receiver}`}`,
    ...adviceLines(refusal, style, columns),
  ];
}

function saysOf({ say, next_try_at: next }: Recipient): string {
  return next === undefined ? say : `${say} Next try ${moment(next)} UTC.`;
}

export function markOf(state: Recipient['state'], style: Style): (text: string) => string {
  if (state === 'delivered') return style.good;
  return ['bounced', 'failed', 'unsure'].includes(state) ? style.bad : (text) => text;
}

/** What a script learns from the exit code when it has waited for the end. */
export function exitOfEnd({ recipients }: Email): ExitCode {
  const states = recipients.map(({ state }) => state);
  if (states.some((state) => state === 'bounced' || state === 'failed')) return exits.unavailable;
  if (states.some((state) => state === 'queued' || state === 'delayed')) return exits.tryAgain;
  return states.every((state) => state === 'delivered') ? exits.ok : exits.problems;
}
