/** DKIM keys that a declaration names: whose they are it does not say, so they are only ever added. Pure. */
import type { Declaration, OwnOffice, SenderWants } from '../types.ts';
import { meansTheSame } from './same-meaning.ts';

/** Without those that a sender brings as an alias, and without keys of the office that sign no more. */
export function declaredKeys(
  { keys = [], domain }: Declaration,
  wants: readonly SenderWants[],
  office?: Pick<OwnOffice, 'keys'>,
): readonly { readonly name: string; readonly record: string }[] {
  const aliases = new Set(
    wants.flatMap(({ records }) => records.filter(({ type }) => type === 'CNAME').map(({ name }) => name)),
  );
  const isRetired = (selector: string, record: string) =>
    office?.keys.some((key) => key.retired && key.selector === selector && meansTheSame('TXT', key.record, record)) ===
    true;
  return keys
    .filter(({ selector, record }) => !isRetired(selector, record))
    .map(({ selector, record }) => ({ name: `${selector}._domainkey.${domain}`, record }))
    .filter(({ name }) => !aliases.has(name));
}
