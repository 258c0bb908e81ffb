/** Chooses between the MX of a recipient domain and a fixed host the operator set for it (`[routes]`). Pure. */
import { type DomainName, isEqualOrBelow, parseDomainName } from '../../format/domain-name.ts';
import type { FixedRoute } from './transport.ts';

export type RouteRule = FixedRoute & {
  /** `example.org`, `*.example.org` for everything below it, or `*` */
  readonly pattern: string;
};

/** The most telling rule wins: the domain itself, then the longest name it lies below, then `*`. Undefined: its MX. */
export function chooseRoute(domain: DomainName, rules: readonly RouteRule[]): FixedRoute | undefined {
  const fitting = rules.filter(({ pattern }) => fits(domain, pattern));
  const [best] = fitting.toSorted((a, b) => weight(b.pattern) - weight(a.pattern));
  return best ? { host: best.host, port: best.port } : undefined;
}

function fits(domain: DomainName, pattern: string): boolean {
  if (pattern === '*') return true;
  const name = parseDomainName(pattern.replace(/^\*\./, ''));
  if (!name) return false;
  return pattern.startsWith('*.') ? domain !== name && isEqualOrBelow(domain, name) : domain === name;
}

function weight(pattern: string): number {
  return pattern === '*' ? 0 : pattern.startsWith('*.') ? pattern.length : Number.MAX_SAFE_INTEGER;
}
