/**
 * Names below the domain that lead to a service, so that bounces come back to it: the service has the SPF record for them, and DNS
 * finds it through the alias.
 */
import { type DomainName, parseDomainName } from '../../../../format/domain-name.ts';
import type { DnsAnswer } from '../../../../protocol/dns/types.ts';
import type { Need } from '../../../setup/types.ts';
import type { KnownSender } from '../types.ts';
import type { SpfQuestions } from './questions.ts';

type AliasPath = {
  readonly name: DomainName;
  readonly who: string;
  /** As it was declared. */
  readonly label: string;
  readonly isDeclared: boolean;
  readonly needed: Need;
  /** Where it has to lead. */
  readonly target: string;
};

export type ReturnPathAlias = AliasPath & {
  readonly txt: DnsAnswer<string>;
  readonly alias: DnsAnswer<string>;
};

export function aliasPathsOf(senders: readonly KnownSender[]): readonly AliasPath[] {
  return senders.flatMap(({ wants: { sender, label, records }, isDeclared }) =>
    records
      .filter(({ purpose, type }) => purpose === 'return-path' && type === 'CNAME')
      .flatMap((record): AliasPath[] => {
        const name = parseDomainName(record.name);
        const { needed, value: target } = record;
        return name === undefined ? [] : [{ name, who: sender.name, label, isDeclared, needed, target }];
      }),
  );
}

export async function lookAtAlias({ resolver }: SpfQuestions, path: AliasPath): Promise<ReturnPathAlias> {
  const [txt, alias] = await Promise.all([resolver.lookup(path.name, 'TXT'), resolver.lookup(path.name, 'CNAME')]);
  return { ...path, txt, alias };
}
