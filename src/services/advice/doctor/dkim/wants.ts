/** Which keys ought to be there: those of the senders, and of the office. Pure. */
import { type WantedKey, wantedKeys } from '../../../setup/setup.ts';
import type { SenderDefinition } from '../../../setup/types.ts';
import type { KnownSender, OfficeKnowledge, Subject } from '../types.ts';

export type Want = WantedKey & {
  /** As people call it: `SendGrid`. */
  readonly who: string;
  readonly label: string;
  readonly isDeclared: boolean;
  readonly sender?: SenderDefinition;
  readonly steps: readonly string[];
};

export function wantsOf({ wants, isDeclared }: KnownSender): readonly Want[] {
  const { sender, label, steps } = wants;
  return oncePerKey(wantedKeys(wants)).map((key) => ({ ...key, who: sender.name, label, isDeclared, sender, steps }));
}

/** A record with two holes is wanted once, and lacks both. */
function oncePerKey(keys: readonly WantedKey[]): readonly WantedKey[] {
  const byName = new Map<string, WantedKey>();
  for (const key of keys) {
    const place = `${key.type} ${key.name ?? key.lacking?.name}`;
    const before = byName.get(place);
    const both =
      before?.lacking !== undefined && key.lacking !== undefined
        ? { ...before, lacking: { ...before.lacking, what: `${before.lacking.what}; ${key.lacking.what}` } }
        : (before ?? key);
    byName.set(place, both);
  }
  return [...byName.values()];
}

export const officeName = 'this Posthorn';

export function officeWants({ domain, office }: Pick<Subject, 'domain' | 'office'>): readonly Want[] {
  return (office?.keys ?? []).filter(isInUse).map(({ selector, record }) => ({
    name: `${selector}._domainkey.${domain}`,
    type: 'TXT',
    value: record,
    isShared: false,
    who: officeName,
    label: officeName,
    isDeclared: true,
    steps: [],
  }));
}

/** A retired key signs nothing any more. */
function isInUse({ state }: OfficeKnowledge['keys'][number]): boolean {
  return state !== 'retired';
}
