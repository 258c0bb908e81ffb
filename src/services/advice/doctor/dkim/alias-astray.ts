/** DKM-08: a selector that leads to a name without a key, or to somebody else's account. */
import { meansTheSame } from '../../../setup/setup.ts';
import type { Fix } from '../../types.ts';
import { fails, orElse, passes, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import type { Sight } from './facts.ts';
import { keySubject, wantFor, whyUnknown } from './look-at-keys.ts';
import { aliasOf, keyRecord, noRecords } from './mend-key.ts';
import { isIdleTwin, stateOf } from './sender-keys.ts';

export const aliasAstray: Rule = { id: 'DKM-08', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const aliased = facts.dkim.sights.filter((sight) => aliasOf(sight) !== undefined);
  const subject = keySubject(facts);
  const evidence = aliased.map(({ name }) => facts.show(name, 'CNAME'));
  return orElse(
    aliased.flatMap((sight) => ofAlias(facts, sight) ?? []),
    () =>
      aliased.length === 0
        ? skips({ subject, meaning: 'No key that was found is kept elsewhere (no selector is an alias).' })
        : passes({ subject, meaning: 'Every selector that is an alias leads to a key.', evidence }),
  );
}

function ofAlias(facts: DomainFacts, sight: Sight): Judged | undefined {
  const { name } = sight;
  const target = aliasOf(sight) ?? '';
  const evidence = [facts.show(name, 'CNAME'), facts.show(name, 'TXT')];
  const want = wantFor(facts, sight);
  const wanted = want?.type === 'CNAME' ? want.value : undefined;
  const isOther = wanted !== undefined && !leadsTo(sight, target, wanted);
  const fix = fixFor(sight, { target, wanted: isOther ? wanted : undefined, who: want?.who });
  if (isOther)
    return fails({
      subject: name,
      evidence,
      fix,
      meaning: `${name} leads to ${target}, which is not your account at ${want?.who ?? 'the sender'}: it has to lead to ${wanted}.`,
    });
  const state = stateOf(sight);
  if (state === 'unknown')
    return staysUnknown({
      subject: name,
      evidence,
      meaning: `${name} leads to ${target}; what stands there ${whyUnknown(sight)}.`,
    });
  if (state !== 'missing') return undefined;
  if (isIdleTwin(sight, facts.dkim.sights, facts.subject.catalogue))
    return staysUnknown({
      subject: name,
      evidence,
      meaning: `${name} leads to ${target}, and no key is there; another key of the same service is, and this one may not have been made yet. Leave the alias as long as the service shows it.`,
    });
  return fails({
    subject: name,
    evidence,
    fix,
    meaning: `${name} leads to ${target}, and no key is there: what is signed with it proves nothing.`,
  });
}

/** At once or at the end of a chain. */
function leadsTo({ txt }: Sight, target: string, wanted: string): boolean {
  const end = txt.kind === 'found' ? txt.canonicalName : undefined;
  return [target, end].some((one) => one !== undefined && meansTheSame('CNAME', one, wanted));
}

type Astray = { readonly target: string; readonly wanted: string | undefined; readonly who: string | undefined };

function fixFor({ name, isWild }: Sight, { target, wanted, who }: Astray): Fix {
  const there = isWild ? [] : [{ name, type: 'CNAME', value: target }];
  if (wanted !== undefined) return { delete: there, set: [keyRecord(name, wanted, 'CNAME')] };
  const ask = `Ask ${who ?? 'the service that the alias leads to'} for the alias of your account as it is now, and set it at ${name}.`;
  return { ...noRecords, steps: [ask, `If nobody signs with it any more, delete it: ${name} CNAME ${target}`] };
}
