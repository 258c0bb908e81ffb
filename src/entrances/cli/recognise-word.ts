/** Whose is this? A name as it stands in a DNS record, a header or a report, or the address of a machine. */
import type { QueryName } from '../../format/domain-name.ts';
import { parseIpAddress, reverseName } from '../../format/ip-address.ts';
import type { Catalogue, NameMatch, TraceKind } from '../../services/setup/types.ts';
import type { Run } from './run.ts';

export type ToldWord = {
  readonly given: string;
  /** What was looked for: the name in it, or the name that the address leads back to. */
  readonly name: string;
  readonly match?: NameMatch & { readonly by: TraceKind };
  readonly why?: string;
};

/** A name that stands alone may be any of these; what says most comes first. */
const anyName: readonly TraceKind[] = ['dkimTargets', 'dkimDomains', 'spfDomains', 'mx', 'hosts'];

/** What a name is written with says where it was found. */
const forms: readonly (readonly [form: RegExp, kinds: readonly TraceKind[]])[] = [
  [/^[+?~-]?(?:include|exists|redirect)[:=](.+)$/, ['spfDomains']],
  [/^[+?~-]?(?:a|mx|ptr):(.+)$/, ['hosts', 'mx']],
  [/^(?:header\.)?d=(.+)$/, ['dkimDomains', 'dkimTargets', 'spfDomains']],
  [/^(?:header\.)?s=(.+)$/, ['selectors']],
  [/^\d+ +(.+)$/, ['mx']],
  [/^<?[^<>@]*@([^<>@]+)>?$/, ['spfDomains', 'dkimDomains']],
];

/** Tokens of sign-ins and of ownership. */
const proof = /^(?:[a-z0-9-]+[-_](?:verification|verify|code|proof|challenge)|ms)[=:.]/i;

export async function recogniseWord(run: Run, catalogue: Catalogue, given: string): Promise<ToldWord> {
  const ip = parseIpAddress(given);
  if (ip) return machine(run, catalogue, given, reverseName(ip));
  const text = given.trim().toLowerCase();
  if (proof.test(text) && !text.includes('._domainkey.'))
    return { given, name: given, why: 'it proves a sign-in or who owns the domain, and says nothing of mail' };
  for (const [form, kinds] of forms) {
    const name = bare(form.exec(text)?.[1]);
    if (name !== undefined) return told(given, name, firstMatch(catalogue, name, kinds));
  }
  const name = bare(text) ?? '';
  const selector = /^(.+)\._domainkey\./.exec(name)?.[1] ?? (name.includes('.') ? undefined : name);
  const match = firstMatch(catalogue, name, anyName);
  return told(
    given,
    name,
    match ?? (selector === undefined ? undefined : firstMatch(catalogue, selector, ['selectors'])),
  );
}

async function machine(run: Run, catalogue: Catalogue, given: string, reverse: QueryName): Promise<ToldWord> {
  const answer = await (await run.resolver()).lookup(reverse, 'PTR', { signal: run.host.signal });
  const name = answer.kind === 'found' ? answer.records[0] : undefined;
  if (name !== undefined) return told(given, name, firstMatch(catalogue, name, ['hosts']));
  const why = answer.kind === 'failed' ? `the DNS does not answer (${answer.why})` : 'the address has no name (PTR)';
  return { given, name: given, why };
}

/** Without a macro in front and the dot at the end. */
function bare(name: string | undefined): string | undefined {
  return name?.replace(/^.*\}\.?/, '').replace(/\.$/, '');
}

function told(given: string, name: string, match: ToldWord['match'] | undefined): ToldWord {
  return { given, name, ...(match ? { match } : { why: 'nobody in the catalogue' }) };
}

function firstMatch(catalogue: Catalogue, name: string, kinds: readonly TraceKind[]): ToldWord['match'] | undefined {
  for (const by of kinds) {
    const found = catalogue.recogniseName(by, name);
    if (found) return { ...found, by };
  }
  return undefined;
}
