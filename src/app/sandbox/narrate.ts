/** Tells the demonstration as a story for people: what was sent, which way it went, what each side said, what to try next. Pure. */
import { timelineEntry, timelineLines } from '../../entrances/cli/render-timeline.ts';
import type { Style } from '../../entrances/cli/style.ts';
import type { TimelineStep } from '../../services/outbound/outbound.ts';
import type { RemoteReply } from '../../services/outbound/types.ts';
import type { Step } from './demonstration.ts';
import type { SandboxFacts } from './sandbox-facts.ts';

type DeliverFacts = {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly took_ms: number;
  readonly timeline: readonly TimelineStep[];
  readonly arrived?: { readonly folder: string; readonly verdicts: Readonly<Record<string, string>> };
};
type ForgeFacts = {
  readonly from: string;
  readonly remote_address: string;
  readonly reply?: RemoteReply;
  readonly with_list_traces: { readonly folder?: string };
};
type BounceFacts = {
  readonly id: string;
  readonly to: string;
  readonly reply?: RemoteReply;
  readonly host?: string;
  readonly timeline: readonly TimelineStep[];
};

/** How it is shown: with which marks, in how many columns (undefined: lines are as long as they are), under which name of ours. */
export type Telling = { readonly style: Style; readonly columns: number | undefined; readonly command: string };

export function narrateStep(step: Step, telling: Telling): string {
  const { style } = telling;
  const problems = step.problems.map((problem) => style.bad(`  !! expected, and did not happen: ${problem}`));
  return `${[...tell(step, telling), ...problems].join('\n')}\n\n`;
}

function tell(step: Step, telling: Telling): string[] {
  switch (step.name) {
    case 'deliver':
      return tellDelivery(step.facts as unknown as DeliverFacts, telling);
    case 'forge':
      return tellForgery(step.facts as unknown as ForgeFacts, telling);
    case 'bounce':
      return tellBounce(step.facts as unknown as BounceFacts, telling);
    default:
      return [];
  }
}

function tellDelivery(facts: DeliverFacts, { style, columns }: Telling): string[] {
  const verdicts = Object.entries(facts.arrived?.verdicts ?? {})
    .filter(([check]) => check !== 'arc')
    .map(
      ([check, verdict]) =>
        `${check.toUpperCase()} ${verdict}${check === 'dmarc' ? ` for ${facts.from.split('@')[1]}` : ''}`,
    );
  const arrived = facts.arrived
    ? `in ${facts.to}'s ${facts.arrived.folder}, ${facts.took_ms} ms after the API call`
    : 'nowhere';
  const mark = facts.arrived ? style.good : style.bad;
  return [
    style.bold(`1  A message from ${facts.from} to ${facts.to}`),
    ...timelineLines(facts.timeline, style, columns),
    ...timelineEntry(
      { label: 'checks', text: `${verdicts.join(', ') || 'none'} on the other side`, mark },
      style,
      columns,
    ),
    ...timelineEntry({ label: 'arrived', text: arrived, mark }, style, columns),
  ];
}

function tellForgery(facts: ForgeFacts, { style, columns }: Telling): string[] {
  const { folder } = facts.with_list_traces;
  const but =
    `the same text with the traces of a mailing list went to ${folder ?? '(nowhere)'}: lists break signatures, ` +
    'so that alone is no reason to refuse (RFC 9989 §7.4)';
  return [
    style.bold(`2  A stranger at ${facts.remote_address} pretends to be ${facts.from}`),
    ...timelineEntry({ label: 'refused', text: words(facts.reply), mark: style.good }, style, columns),
    ...timelineEntry({ label: 'but', text: but }, style, columns),
  ];
}

function tellBounce(facts: BounceFacts, { style, columns }: Telling): string[] {
  const told = `the caller got the receiver's own words: ${words(facts.reply)}`;
  return [
    style.bold(`3  A message to ${facts.to}, whom nobody knows`),
    ...timelineLines(facts.timeline, style, columns),
    ...timelineEntry({ label: 'told you', text: told, mark: style.good }, style, columns),
  ];
}

function words(reply: RemoteReply | undefined): string {
  return reply ? [reply.code, reply.enhanced, reply.text].filter(Boolean).join(' ') : '(no answer)';
}

export function narrateOpening(facts: SandboxFacts, { style }: Telling): string {
  return [
    style.bold('Posthorn sandbox: a small internet on this machine. Nothing leaves it.'),
    '',
    `   your office   ${facts.mx.domain.padEnd(12)} ${facts.world.yours}`,
    `   another one   ${facts.world.other_domain.padEnd(12)} ${facts.world.theirs}`,
    `   a stranger    ${''.padEnd(12)} at ${facts.world.stranger}`,
    '',
    '',
  ].join('\n');
}

/** @param data folder to name in commands; undefined: the one they use anyway */
export function narrateNext(facts: SandboxFacts, { style, command }: Telling, data: string | undefined): string {
  const { api, submission, mx, dns, world } = facts;
  const head = (text: string) => style.bold(text);
  const inFolder = data === undefined ? '' : ` --data ${data}`;
  return [
    head('It keeps serving; Ctrl-C stops it. Try next, in another terminal:'),
    '',
    head('Send by API'),
    `  curl '${api.url}/v1/emails?wait=settled' \\`,
    `    -H 'Authorization: Bearer ${api.key}' \\`,
    `    -H 'Content-Type: application/json' \\`,
    `    -d '{"from":"${submission.from}","to":["${world.friend}"],`,
    `         "subject":"Hi","text":"It works."}'`,
    head('Send by SMTP'),
    `  host ${submission.host}, port ${submission.port} (STARTTLS) or ${submission.tls_port} (TLS)`,
    `  login ${submission.user}, password`,
    `  ${submission.password}`,
    `  swaks --server ${submission.host}:${submission.port} -tls --from ${submission.from} \\`,
    `    --to ${world.friend} --auth-user ${submission.user} \\`,
    `    -ap ${submission.password}`,
    '  programs that check certificates may trust this authority:',
    `  ${world.authority}`,
    head('Be a stranger: no login, and the MX judges'),
    `  swaks --server ${mx.host}:${mx.port} --from you@example.org --to ${mx.recipient}`,
    head('Follow a message'),
    `  ${command} queue${inFolder}`,
    `  ${command} message ID${inFolder}`,
    `  ${command} events --follow${inFolder}`,
    head(`Read what arrived at ${world.other_domain}`),
    `  ${command} inbox --server ${world.other_api.url} \\`,
    `    --key ${world.other_api.key}`,
    `  curl '${world.other_api.url}/v1/inbox' \\`,
    `    -H 'Authorization: Bearer ${world.other_api.key}'`,
    '  and one message whole: /v1/inbox/ID/raw',
    head('See what a message scores, from 0 to 10: an address to send it to'),
    `  ${command} test-address${inFolder}`,
    `  or in a browser: ${api.url}/test`,
    head('Set a domain of your own up, from its name to signed mail'),
    `  ${command} init shop.example${inFolder}`,
    head('Look at the DNS'),
    `  dig @${dns.host} -p ${dns.port} ${facts.mx.domain} MX`,
    `  dig @${dns.host} -p ${dns.port} _dmarc.${facts.mx.domain} TXT`,
    '',
    style.dim(`In a browser: ${api.url}/`),
    style.dim(`All of this for programs: ${world.facts_file}`),
    '',
  ].join('\n');
}
