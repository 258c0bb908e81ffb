/** Tells the demonstration as a story for people: what was sent, which way it went, what each side said, what to try next. Pure. */
import { timelineLine, timelineLines, visible } from '../../entrances/cli/render-timeline.ts';
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

export function narrateStep(step: Step, style: Style): string {
  const told = tell(step, style);
  const problems = step.problems.map((problem) => style.bad(`  !! expected, and did not happen: ${problem}`));
  return `${[...told, ...problems].join('\n')}\n\n`;
}

function tell(step: Step, style: Style): string[] {
  switch (step.name) {
    case 'deliver':
      return tellDelivery(step.facts as unknown as DeliverFacts, style);
    case 'forge':
      return tellForgery(step.facts as unknown as ForgeFacts, style);
    case 'bounce':
      return tellBounce(step.facts as unknown as BounceFacts, style);
    default:
      return [];
  }
}

function tellDelivery(facts: DeliverFacts, style: Style): string[] {
  const verdicts = Object.entries(facts.arrived?.verdicts ?? {})
    .filter(([check]) => check !== 'arc')
    .map(([check, verdict]) => `${check.toUpperCase()} ${verdict}`);
  return [
    style.bold(`1  A message from ${facts.from} to ${facts.to}`),
    ...timelineLines(facts.timeline, style),
    timelineLine('checks', style.good(`${verdicts.join(', ')} on the other side`), style),
    timelineLine(
      'arrived',
      style.good(`in ${facts.to}'s ${facts.arrived?.folder ?? '(nowhere)'}, ${facts.took_ms} ms after the API call`),
      style,
    ),
  ];
}

function tellForgery(facts: ForgeFacts, style: Style): string[] {
  return [
    style.bold(`2  A stranger at ${facts.remote_address} pretends to be ${facts.from}`),
    timelineLine('refused', style.good(words(facts.reply)), style),
    timelineLine(
      'but',
      `the same text with the traces of a mailing list went to ${facts.with_list_traces.folder ?? '(nowhere)'}:`,
      style,
    ),
    timelineLine('', 'lists break signatures, so that alone is no reason to refuse (RFC 9989 §7.4)', style),
  ];
}

function tellBounce(facts: BounceFacts, style: Style): string[] {
  return [
    style.bold(`3  A message to ${facts.to}, whom nobody knows`),
    ...timelineLines(facts.timeline, style),
    timelineLine('told you', style.good(`the caller got the receiver's own words: ${words(facts.reply)}`), style),
  ];
}

function words(reply: RemoteReply | undefined): string {
  return reply ? visible([reply.code, reply.enhanced, reply.text].filter(Boolean).join(' ')) : '(no answer)';
}

export function narrateOpening(facts: SandboxFacts, style: Style): string {
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

export function narrateNext(facts: SandboxFacts, style: Style): string {
  const { api, submission, dns, world } = facts;
  const auth = `-H "Authorization: Bearer ${api.key}"`;
  const head = (text: string) => style.bold(text);
  return [
    head('It keeps serving. Try next (Ctrl-C stops it):'),
    '',
    head('Send by API'),
    `  curl ${api.url}/v1/emails?wait=settled ${auth} \\`,
    `    --json '{"from":"${submission.from}","to":["${world.friend}"],"subject":"Hi","text":"It works."}'`,
    `${head('Send by SMTP')}   host ${submission.host}, port ${submission.port}, STARTTLS`,
    `  login ${submission.user}   password ${submission.password}`,
    `  swaks --server ${submission.host}:${submission.port} -tls --auth-user ${submission.user} --auth-password ${submission.password} \\`,
    `    --from ${submission.from} --to ${world.friend}`,
    `  programs that check certificates: NODE_EXTRA_CA_CERTS=${world.authority}`,
    head('Follow a message'),
    '  ./posthorn message ID     ./posthorn queue     ./posthorn events --follow',
    head('Read what arrived'),
    `  curl ${world.other_api.url}/v1/inbox -H "Authorization: Bearer ${world.other_api.key}"     then …/v1/inbox/ID/raw`,
    head('Look at the DNS'),
    `  dig @${dns.host} -p ${dns.port} ${facts.mx.domain} TXT`,
    '',
    style.dim(`All of this, for programs: ${world.facts_file}     this page in a browser: ${api.url}/`),
    '',
  ].join('\n');
}
