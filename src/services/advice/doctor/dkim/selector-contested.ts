/** DKM-10: two senders want the same selector for two different keys. */
import { meansTheSame } from '../../../setup/setup.ts';
import { fails, listed, orElse, passes, plural, skips } from '../judged.ts';
import type { DomainFacts, Judged, Rule } from '../types.ts';
import { allWants, keySubject } from './look-at-keys.ts';
import { noRecords } from './mend-key.ts';
import type { Want } from './wants.ts';

export const selectorContested: Rule = { id: 'DKM-10', judge };

function judge(facts: DomainFacts): readonly Judged[] {
  const wants = allWants(facts);
  const names = [...new Set(wants.flatMap(({ name }) => name ?? []))];
  const subject = keySubject(facts);
  return orElse(
    names.flatMap(
      (name) =>
        ofName(
          facts,
          name,
          wants.filter((want) => want.name === name),
        ) ?? [],
    ),
    () =>
      names.length === 0
        ? skips({ subject, meaning: 'No sender is known that has a key here.' })
        : passes({
            subject,
            meaning: `No selector is wanted by more than one sender (${plural(names.length, 'selector')} looked at).`,
          }),
  );
}

function ofName(facts: DomainFacts, name: string, wants: readonly Want[]): Judged | undefined {
  const [first, ...others] = wants;
  const rivals = others.filter((other) => other.label !== first?.label && !isSame(first, other));
  const [rival] = rivals;
  if (first === undefined || rival === undefined) return undefined;
  const ids = rivals.map(({ label }) => label.split(/[ :(]/)[0] ?? label);
  return fails({
    subject: name,
    meaning: `${listed(namesOf([first, ...rivals]))} each want a key of their own at ${name}, and only one can stand there: mail of the other is not signed for you.`,
    evidence: [facts.show(name, 'TXT'), facts.show(name, 'CNAME')],
    fix: {
      ...noRecords,
      steps: [
        `Choose another selector at ${listed(namesOf(rivals, [first, ...rivals]))}, where its settings let you, and publish the record that it then shows.`,
        `Or have it send for a name below: --sender ${ids[0]}:subdomain=news`,
        ...wants.flatMap((want) =>
          want.value === undefined
            ? []
            : [`What ${namesOf([want], wants).join('')} wants there: ${name} ${want.type} ${want.value}`],
        ),
      ],
    },
  });
}

/** Two accounts with the same service are told apart by what was declared of them. */
function namesOf(wants: readonly Want[], among = wants): readonly string[] {
  return wants.map(({ who, label }) =>
    among.some((other) => other.who === who && other.label !== label) ? `${who}${label.replace(/^[^ :(]*/, '')}` : who,
  );
}

/** Whether another sender wants another key there. */
export function isContested(want: Want, wants: readonly Want[]): boolean {
  return wants.some((other) => other.name === want.name && other.label !== want.label && !isSame(want, other));
}

function isSame(one: Want | undefined, other: Want): boolean {
  if (one?.value === undefined || other.value === undefined) return false;
  return one.type === other.type && meansTheSame(one.type, one.value, other.value);
}
