/** What a look at one domain and one at many have in common: the domain as people type it, what is asked of each, how it ends. */
import type { DomainName } from '../../format/domain-name.ts';
import { parseIpAddress } from '../../format/ip-address.ts';
import type { CheckSubject, DomainCheck } from '../../services/advice/advice.ts';
import { readPlannedDomain } from '../../services/setup/setup.ts';
import type { Catalogue } from '../../services/setup/types.ts';
import { type ExitCode, exits } from './exits.ts';
import { bad } from './read-options.ts';
import type { Run } from './run.ts';

/** What the options say of every domain. */
export type Asked = Omit<CheckSubject, 'domain'> & { readonly catalogue: Catalogue };

export function readCheckedDomain({ host }: Pick<Run, 'host'>, text: string): DomainName {
  const address = parseIpAddress(text.trim().replace(/^\[(.*)\]$/, '$1'));
  if (address !== undefined)
    throw bad('bad_domain', `${address.text} is an IP address; a domain is wanted, like example.com.`, [
      `${host.command} blocklists ${address.text}`,
    ]);
  // As mail programs show it: Ann <ann@example.com>
  const read = readPlannedDomain(/<([^<>\s]+@[^<>\s]+)>/.exec(text)?.[1] ?? text);
  if (read.ok) return read.value;
  const nearest = /(?:domain is|itself:) ([a-z0-9-]+\.[a-z0-9.-]*[a-z0-9])/i.exec(read.say)?.[1];
  throw bad('bad_domain', read.say.replace('plan the domain', 'check the domain'), [
    `${host.command} check ${nearest ?? 'example.com'}`,
  ]);
}

/** Where the DNS said nothing and nothing is known to be wrong, nothing was looked at: another try may tell. */
export function exitOf({ exists, findings }: Pick<DomainCheck, 'exists' | 'findings'>): ExitCode {
  const isBad = findings.some(({ status, severity }) => status === 'fail' && severity !== 'advice');
  if (isBad) return exits.problems;
  return exists === 'unknown' ? exits.tryAgain : exits.ok;
}
