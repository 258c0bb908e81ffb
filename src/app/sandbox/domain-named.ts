/** Names that stand in the sandbox's own code: one that is none is a mistake of ours. */
import { Bug } from '../../base/outcome.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';

export function domainNamed(text: string): DomainName {
  const parsed = parseDomainName(text);
  if (!parsed) throw new Bug(`${text} is no domain name`);
  return parsed;
}
