/** What a person has to decide before a publication goes on: half a plan may be worse than none. Pure. */
import type { Plan } from '../types.ts';
import type { Prepared } from './types.ts';

/** One sentence each; empty: it can be carried out as it is. What takes a publication back is decided already. */
export function undecided({ undoes, diff, plan }: Prepared & { readonly plan?: Plan }): readonly string[] {
  if (undoes !== undefined) return [];
  const conflicts = plan?.conflicts ?? [];
  return [
    ...conflicts.map(({ name, say, fix }) => `${say.includes(name) ? say : `${name}: ${say}`} ${fix}`),
    ...diff.obstacles.map(({ name, type, say }) => `${name} ${type}: ${say}`),
  ];
}
