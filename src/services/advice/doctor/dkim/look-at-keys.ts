/** What the rules about published keys have in common: which keys there are, and what is said when none is at fault. Pure. */
import type { KeyRecord } from '../../../../protocol/dkim/key-record.ts';
import { listed, orElse, passes, plural, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';
import type { Sight } from './facts.ts';
import { officeWants, type Want, wantsOf } from './wants.ts';

export type SeenKey = { readonly sight: Sight; readonly text: string; readonly key: KeyRecord };

export function keysIn({ dkim }: DomainFacts): readonly SeenKey[] {
  return dkim.sights.flatMap((sight) =>
    sight.texts.flatMap(({ text, read }) => (typeof read === 'string' ? [] : [{ sight, text, key: read }])),
  );
}

/** Selectors that somebody counts on and the DNS gave no answer for. */
export function unansweredIn({ dkim }: DomainFacts): readonly Sight[] {
  return dkim.sights.filter(({ txt, isBeyond }) => txt.kind === 'failed' || isBeyond);
}

export function allWants({ subject }: DomainFacts): readonly Want[] {
  return [...officeWants(subject), ...subject.senders.flatMap(wantsOf)];
}

export function wantFor(facts: DomainFacts, { name }: Sight): Want | undefined {
  return allWants(facts).find((want) => want.name === name);
}

export function keySubject({ subject: { domain } }: DomainFacts): string {
  return `_domainkey.${domain}`;
}

/** A rule over all published keys: what it finds at each; otherwise that all are fine, or that this is not known. */
export function overKeys(
  facts: DomainFacts,
  find: (seen: SeenKey) => Judged | undefined,
  fine: string,
): readonly Judged[] {
  const keys = keysIn(facts);
  const found = keys.flatMap((seen) => find(seen) ?? []);
  return orElse(found, () =>
    nothingFound(
      facts,
      keys.map(({ sight }) => sight),
      fine,
    ),
  );
}

/** `Whether it is published ...`. */
export function whyUnknown(sight: Sight | undefined): string {
  return sight?.isBeyond
    ? 'shows only once the zone is published, since the name leads to another one outside of it'
    : 'could not be looked up';
}

export function nothingFound(facts: DomainFacts, sights: readonly Sight[], fine: string): Judged {
  const subject = keySubject(facts);
  const silent = unansweredIn(facts);
  if (silent.length > 0) {
    const names = listed(silent.map(({ name }) => name));
    return staysUnknown({
      subject,
      meaning: `What stands at ${names} ${whyUnknown(silent[0])}, so nothing can be told of that key.`,
      evidence: silent.map(({ name }) => facts.show(name, 'TXT')),
    });
  }
  if (sights.length === 0) return skips({ subject, meaning: 'No DKIM key was found, so there is none to look at.' });
  const names = [...new Set(sights.map(({ name }) => name))];
  return passes({
    subject,
    meaning: `${fine} (${plural(names.length, 'key record')}: ${listed(names.map((name) => name.split('._domainkey.')[0] ?? name))}).`,
    evidence: names.map((name) => facts.show(name, 'TXT')),
  });
}
