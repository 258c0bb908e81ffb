/** A few addresses that a sender sends from: its own, or out of what its includes stand for. Each of those passes the include by itself. */
import { parseQueryName, type QueryName } from '../../../../format/domain-name.ts';
import { ipAddressOf, parseIpAddress } from '../../../../format/ip-address.ts';
import { readIncludeTree, type SpfTree } from '../../../../protocol/spf/include-tree.ts';
import { type Directive, parseSpfRecord } from '../../../../protocol/spf/record.ts';
import type { SpfQuestions } from './questions.ts';
import { tryAddress } from './try-address.ts';
import type { NamedWish } from './wishes.ts';

/** Declared addresses are few; a list of hundreds is tried in part. */
const samplesMax = 12;
/** MX hosts of one term; receivers take no more. RFC 7208 §4.6.4 */
const hostsMax = 10;

export async function sampleAddresses(questions: SpfQuestions, { at, wish }: NamedWish): Promise<readonly string[]> {
  const parsed = parseSpfRecord(`v=spf1 ${wish.terms.join(' ')}`);
  const directives = parsed.ok ? parsed.value.directives : [];
  const stated = (wish.addresses ?? []).flatMap((text) => parseIpAddress(text)?.text ?? []);
  const found = await Promise.all(directives.map((directive) => addressesOf(questions, at, directive)));
  return [...new Set([...stated, ...found.flat()])].slice(0, samplesMax);
}

async function addressesOf(questions: SpfQuestions, at: QueryName, directive: Directive): Promise<readonly string[]> {
  if (directive.kind !== 'include') return hostsOf(questions, at, directive);
  const name = directive.target.fixed;
  if (name === undefined || name === 'unfit') return [];
  const candidates = pick(addressesIn(questions, await readIncludeTree(questions.known, name)));
  const tried = await Promise.all(candidates.map((address) => tryAddress(questions.resolver, name, address)));
  return tried.filter(({ result }) => result === 'pass').map(({ address }) => address);
}

function addressesIn(questions: SpfQuestions, { domain, record, terms }: SpfTree): readonly string[] {
  const parsed = record === undefined ? undefined : parseSpfRecord(record);
  const name = parseQueryName(domain);
  const own = parsed?.ok && name ? parsed.value.directives.flatMap((one) => hostsOf(questions, name, one)) : [];
  return [...own, ...terms.flatMap(({ below }) => (below === undefined ? [] : addressesIn(questions, below)))];
}

/** The first and the last IPv4 address, and one of IPv6. */
function pick(found: readonly string[]): readonly string[] {
  const four = found.filter((address) => !address.includes(':'));
  const six = found.find((address) => address.includes(':'));
  return [...new Set([four[0], four.at(-1), six].filter((address) => address !== undefined))];
}

/** Out of what was asked already. */
function hostsOf({ answers }: SpfQuestions, at: QueryName, directive: Directive): readonly string[] {
  if (directive.qualifier !== '+') return [];
  if (directive.kind === 'ip4' || directive.kind === 'ip6') return [ipAddressOf(directive.octets)?.text ?? []].flat();
  if (directive.kind !== 'a' && directive.kind !== 'mx') return [];
  const name = directive.target === undefined ? at : directive.target.fixed;
  if (name === undefined || name === 'unfit') return [];
  if (directive.kind === 'a') return hostAddresses(answers, name);
  const mx = answers.lookup(name, 'MX');
  const hosts = mx.kind === 'found' ? mx.records.slice(0, hostsMax) : [];
  return hosts.flatMap(({ exchange }) => {
    const host = parseQueryName(exchange);
    return host === undefined ? [] : hostAddresses(answers, host);
  });
}

function hostAddresses(answers: SpfQuestions['answers'], host: QueryName): readonly string[] {
  return (['A', 'AAAA'] as const).flatMap((type) => {
    const answer = answers.lookup(host, type);
    return answer.kind === 'found' ? answer.records.flatMap((text) => parseIpAddress(text)?.text ?? []) : [];
  });
}
