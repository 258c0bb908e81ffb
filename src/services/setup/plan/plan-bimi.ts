/** The logo beside the domain's mail: only on request, and only where DMARC is in force, because nobody shows it before. Pure. */
import type { DmarcStage } from '../types.ts';
import { isEnforcing } from './dmarc-ladder.ts';
import { look } from './facts.ts';
import { type Context, type Part, self, ttlSeconds } from './part.ts';
import { meansTheSame } from './same-meaning.ts';

/** @param stage of DMARC, as the plan has it */
export function planBimi({ domain, facts, declaration }: Context, stage: DmarcStage): Part {
  const { bimi } = declaration;
  if (bimi === undefined) return {};
  const name = `default._bimi.${domain}`;
  const value = `v=BIMI1; l=${bimi.logo}; a=${bimi.evidence ?? ''}`;
  if (!isEnforcing(stage))
    return {
      conflicts: [
        {
          code: 'bimi-needs-enforcement',
          name,
          say: `A logo is shown only where DMARC is at quarantine or reject, without test mode; it is at ${stage}.`,
          fix: `Climb the ladder first (--dmarc), then publish: ${name} TXT "${value}"`,
        },
      ],
    };
  const why = 'BIMI: receivers show your logo beside mail that passes DMARC';
  const base = { name, type: 'TXT', value, ttl: ttlSeconds, needed: 'optional', why, sender: self } as const;
  const notes =
    bimi.evidence === undefined
      ? [{ code: 'bimi-no-certificate', name, say: 'Gmail and Apple show no logo without a certificate (VMC or CMC).' }]
      : [];
  const sight = look(facts, name, 'TXT');
  if (sight.kind === 'unknown') return { records: [{ ...base, state: 'unknown' }], notes };
  if (sight.values.some((text) => meansTheSame('TXT', text, value)))
    return { records: [{ ...base, state: 'present' }], notes };
  const there = sight.isWild ? [] : sight.values.filter((text) => /^v\s*=\s*BIMI1/.test(text));
  if (sight.alias !== undefined)
    return {
      conflicts: [
        {
          code: 'label-taken',
          name,
          say: `${name} is a CNAME to ${sight.alias}: the logo is kept there.`,
          fix: `Change it there, or remove the CNAME and publish: ${name} TXT "${value}"`,
        },
      ],
    };
  if (there.length === 0) return { records: [{ ...base, state: 'missing' }], notes };
  return { records: [{ ...base, state: 'wrong', replaces: there }], notes };
}
