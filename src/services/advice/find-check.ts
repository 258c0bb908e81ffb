/** A check by its id, as findings, deductions and refusals name it. Pure. */
import { checks } from './doctor/checks/checks.ts';
import type { Check } from './doctor/types.ts';
import { alignmentChecks } from './score/align/checks.ts';
import { bulkChecks } from './score/bulk/checks.ts';
import { contentChecks } from './score/content/checks.ts';

export type NamedCheck = Check & { readonly id: string };

export function findCheck(id: string): NamedCheck | undefined {
  const all: Readonly<Record<string, Check>> = { ...checks, ...alignmentChecks, ...contentChecks, ...bulkChecks };
  const name = id.trim().toUpperCase();
  const found = Object.hasOwn(all, name) ? all[name] : undefined;
  return found && { id: name, ...found };
}
