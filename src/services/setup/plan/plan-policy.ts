/** The record that names the policy document, where this office serves one. Of two records neither counts. Pure. docs/POLICY_DOCUMENT.md §2 */
import { parsePolicyRecord } from '../policy-document/policy-record.ts';
import { policyRecordName } from '../policy-document/policy-tools.ts';
import type { PlannedRecord } from '../types.ts';
import { look } from './facts.ts';
import { type Context, type Part, self, ttlSeconds } from './part.ts';

export function planPolicy({ office, domain, facts }: Context): Part {
  const value = office?.policyRecord;
  if (office === undefined || value === undefined) return {};
  const name = policyRecordName(domain);
  const sight = look(facts, name, 'TXT');
  const record = (state: PlannedRecord['state'], replaces?: readonly string[]): Part => {
    const why = 'the policy document of this office: who sends for the domain, signed, for tools that keep DNS';
    const planned = {
      name,
      type: 'TXT',
      value,
      ttl: ttlSeconds,
      state,
      needed: 'recommended',
      why,
      sender: self,
    } as const;
    return { records: [{ ...planned, ...(replaces && { replaces }) }] };
  };
  if (sight.kind === 'unknown') return record('unknown');
  if (sight.isWild) return record('missing');
  if (sight.values.includes(value)) return record('present');
  const there = sight.values.filter((text) => /^v=EML1;/i.test(text));
  if (there.length === 0 && sight.alias === undefined) return record('missing');
  if (sight.alias === undefined && there.every((text) => keyOf(text) === keyOf(value))) return record('wrong', there);
  return {
    conflicts: [
      {
        code: 'policy-elsewhere',
        name,
        say: `${name} names a policy document that is not this office's.`,
        fix: `Remove that record, and publish again; or stop serving one here: policy stop ${domain}`,
      },
    ],
  };
}

function keyOf(text: string): string | undefined {
  const read = parsePolicyRecord([text]);
  return read?.ok ? Buffer.from(read.value.publicKey).toString('base64') : undefined;
}
