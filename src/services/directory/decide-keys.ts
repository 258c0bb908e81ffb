/**
 * Decides what the DKIM keys of a domain become. At most one key per algorithm signs. Pure.
 *
 *   pending -seen in DNS-> active -another takes over-> retiring -nothing carries its signature any more-> retired
 *                            ^---------- taken back -------|
 */
import type { DkimKeyRecord, DkimKeyState, KeyId } from './types.ts';

const mayFollow: Readonly<Record<DkimKeyState, readonly DkimKeyState[]>> = {
  pending: ['active', 'retired'],
  active: ['retiring'],
  retiring: ['active', 'retired'],
  retired: [],
};

export type KeyFacts = Pick<DkimKeyRecord, 'id' | 'algorithm' | 'state' | 'selector'>;
export type KeyChange = { readonly id: KeyId; readonly to: DkimKeyState };

export function mayBecome(from: DkimKeyState, to: DkimKeyState): boolean {
  return mayFollow[from].includes(to);
}

/** `chosen` signs from now on; whichever key of its algorithm signed before stops. */
export function decideActivation(keys: readonly KeyFacts[], chosen: KeyFacts): KeyChange[] {
  return [
    ...replacedBy(keys, chosen).map(({ id }) => ({ id, to: 'retiring' as const })),
    { id: chosen.id, to: 'active' },
  ];
}

export function replacedBy<Key extends KeyFacts>(keys: readonly Key[], chosen: KeyFacts): Key[] {
  return keys.filter((key) => key.state === 'active' && key.algorithm === chosen.algorithm && key.id !== chosen.id);
}

/** A verified domain signs at once: for every algorithm without an active key, its oldest pending one begins. */
export function decideFirstActivations(oldestFirst: readonly KeyFacts[]): KeyChange[] {
  const signing = new Set(oldestFirst.filter((key) => key.state === 'active').map((key) => key.algorithm));
  const changes: KeyChange[] = [];
  for (const key of oldestFirst) {
    if (key.state !== 'pending' || signing.has(key.algorithm)) continue;
    signing.add(key.algorithm);
    changes.push({ id: key.id, to: 'active' });
  }
  return changes;
}
