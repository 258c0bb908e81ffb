/** The text a domain gives for its `fail`. RFC 7208 §6.2. Whatever is wrong with it, the result stays and the text is left out. */
import type { QueryName } from '../../format/domain-name.ts';
import { ask, type Check, confirmedNames, macroValues, note, spfLimits } from './check.ts';
import { expandAll, parseMacroString, usesLetter } from './macro.ts';
import { resolveTarget } from './mechanisms.ts';
import type { SpfModifier } from './record.ts';

export async function explain(check: Check, domain: QueryName, exp: SpfModifier): Promise<string | undefined> {
  const name = await resolveTarget(check, { domain, depth: 0 }, exp.target);
  const text = name && (await readExplanation(check, domain, name));
  note(check, 0, text ? `${exp.text}: "${text}"` : `${exp.text}: no usable explanation`);
  return text || undefined;
}

/** RFC 7208 §6.2: exactly one record, ASCII, correct macros; asked at most once and counted in no limit (§4.6.4). */
async function readExplanation(check: Check, domain: QueryName, name: QueryName): Promise<string | undefined> {
  const answer = await ask(check, name, 'TXT');
  const [written, ...more] = answer.kind === 'found' ? answer.records : [];
  if (written === undefined || more.length > 0) return undefined;
  const macros = parseMacroString(written, { explanationLetters: true, spaces: true });
  if (macros === undefined) return undefined;
  const confirmed = usesLetter(macros, 'p') ? (await confirmedNames(check)).names : undefined;
  const text = expandAll(macros, macroValues(check, domain, confirmed), spfLimits.explanationCharacters);
  return text !== undefined && /^[\x20-\x7e]*$/.test(text) ? text : undefined; // HELO may have brought anything
}
