/** Who was recognised, by which sign; what nobody claims; what was not answered. Pure. */
import type { DomainName } from '../../format/domain-name.ts';
import type { Recognition, SenderSign, TraceKind } from '../../services/setup/types.ts';
import type { ToldWord } from './recognise-word.ts';
import { visible, wrapped } from './render-timeline.ts';
import type { Style } from './style.ts';

const signs = {
  dkimTargets: { code: 'dkim-target', say: 'where a DKIM key leads' },
  selectors: { code: 'selector', say: 'a selector it is known to use' },
  dkimDomains: { code: 'dkim-domain', say: 'who signed (d=)' },
  spfDomains: { code: 'spf-domain', say: 'SPF, or the return path' },
  mx: { code: 'mx', say: 'MX' },
  hosts: { code: 'host', say: 'the name of the machine' },
} as const satisfies Record<TraceKind, { readonly code: string; readonly say: string }>;

/** Lines on a page; documents have all. */
const shownMax = 20;
const signsMax = 6;

export function wordDocument({ given, name, match, why }: ToldWord): object {
  return {
    given,
    name,
    sender: match?.sender.id ?? null,
    ...(match && { sender_name: match.sender.name, by: signs[match.by].code, pattern: match.pattern }),
    ...(why !== undefined && { why }),
  };
}

type Page = { readonly style: Style; readonly columns: number | undefined; readonly program: string };

export function wordLines(told: readonly ToldWord[], { style, program }: Page): string[] {
  const lines = told.flatMap(({ given, name, match, why }) => [
    match
      ? `${visible(given)}  ${style.good(match.sender.name)} (${match.sender.id})`
      : `${visible(given)}  ${style.bad(why ?? 'unknown')}`,
    ...(match
      ? [style.dim(`  by ${signs[match.by].say}: ${match.pattern}${name === given ? '' : `, in ${visible(name)}`}`)]
      : []),
  ]);
  const first = told.find(({ match }) => match !== undefined)?.match?.sender.id;
  return first === undefined ? lines : [...lines, '', `What it wants:  ${program} senders show ${first}`];
}

export function recognitionDocument({ senders, unclaimed }: Recognition): object {
  return {
    senders: senders.map(({ sender, signs: seen }) => ({
      id: sender.id,
      name: sender.name,
      by: seen[0] && signs[seen[0].by].code,
      signs: seen.map(({ by, name, pattern }) => ({ by: signs[by].code, name, pattern })),
    })),
    unclaimed: unclaimed.map(({ by, name }) => ({ by: signs[by].code, name })),
  };
}

type RecognitionPage = Page & {
  readonly domain?: DomainName;
  readonly author?: DomainName | undefined;
  readonly hasWildcardKeys?: boolean;
  readonly hasOtherKeys?: boolean;
  readonly failed: readonly string[];
};

export function recognitionLines({ senders, unclaimed }: Recognition, page: RecognitionPage): string[] {
  const { style, domain, author } = page;
  const say = (text: string) => wrapped(text, page.columns);
  return [
    ...(author === undefined ? [] : [`From ${style.bold(author)}`, '']),
    ...senders.flatMap(({ sender, signs: seen }) => [
      `${style.good(sender.name)} (${sender.id})`,
      ...seen.slice(0, signsMax).map((sign) => style.dim(`  ${signLine(sign)}`)),
      ...(seen.length > signsMax ? [style.dim(`  and ${seen.length - signsMax} more`)] : []),
    ]),
    ...(senders.length === 0 ? [style.bad('No sender of the catalogue has left a sign here.')] : []),
    ...unclaimedLines(unclaimed, page),
    ...(page.hasWildcardKeys
      ? ['', ...say(`Every name below _domainkey.${domain} answers (a wildcard): keys prove nothing here.`)]
      : []),
    ...(page.hasOtherKeys
      ? [
          '',
          ...say(
            `There may be keys below _domainkey.${domain}, at selectors that nobody here guesses: headers and reports name them.`,
          ),
        ]
      : []),
    ...(page.failed.length === 0 ? [] : ['', ...say(`No answer for ${someOf(page.failed)}: it may be there.`)]),
    ...(domain === undefined ? [] : ['', ...domainEnd(senders, page, domain)]),
  ];
}

function signLine({ by, name, pattern }: SenderSign): string {
  return `${signs[by].say}: ${visible(name)}${pattern === name ? '' : ` (${pattern})`}`;
}

/** Names of the domain itself are its own servers'. */
function unclaimedLines(unclaimed: Recognition['unclaimed'], { style, domain }: RecognitionPage): string[] {
  if (unclaimed.length === 0) return [];
  const isOwn = (name: string) => domain !== undefined && (name === domain || name.endsWith(`.${domain}`));
  return [
    '',
    style.bold('Not in the catalogue'),
    ...unclaimed.slice(0, shownMax).map(({ by, name }) => {
      const say = by === 'selectors' ? 'a key at the selector' : signs[by].say;
      return `  ${say}: ${visible(name)}${isOwn(name) ? ' (a name of its own)' : ''}`;
    }),
    ...(unclaimed.length > shownMax ? [`  and ${unclaimed.length - shownMax} more`] : []),
  ];
}

function domainEnd(senders: Recognition['senders'], page: RecognitionPage, domain: DomainName): string[] {
  const declared = senders.map(({ sender }) => `--sender ${sender.id}`);
  return [
    ...wrapped(
      'Selectors can only be guessed: services with names of their own for each customer (Amazon SES, Postmark, HubSpot, Salesforce, Stripe, Shopify) are seen in reports and headers.',
      page.columns,
    ).map(page.style.dim),
    ...(declared.length === 0 ? [] : ['', ...commandLines(`${page.program} plan ${domain}`, declared, page.columns)]),
  ];
}

/** A command to copy, broken as a shell takes it. */
function commandLines(start: string, options: readonly string[], columns: number | undefined): string[] {
  const lines = [start];
  for (const option of options) {
    const last = lines.at(-1) ?? '';
    if (columns !== undefined && last.length + option.length + 3 > columns) {
      lines[lines.length - 1] = `${last} \\`;
      lines.push(`  ${option}`);
    } else lines[lines.length - 1] = `${last} ${option}`;
  }
  return lines;
}

function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
