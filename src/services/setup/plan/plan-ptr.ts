/**
 * Names of the addresses that own servers send from, and that the names lead back. They stand in the zone of whoever owns the
 * addresses: there is a request to make, not a record to publish. Pure. RFC 8601 §3
 */
import type { PlanNote, PlannedRecord, SenderWants, WantedRecord } from '../types.ts';
import type { Facts } from './facts.ts';
import { type Context, type Part, ttlSeconds } from './part.ts';

type Step = { readonly sender: string; readonly say: string };

export function planPtr({ wants, facts }: Context): Part {
  const records: PlannedRecord[] = [];
  const notes: PlanNote[] = [];
  const steps: Step[] = [];
  for (const { label, records: wanted, steps: own } of wants)
    for (const want of wanted.filter(({ type }) => type === 'PTR')) {
      const address = addressOf(want, wanted);
      const record = settle(facts, want, label, address);
      records.push(record);
      if (record.state === 'present' && record.value !== want.value)
        notes.push({
          code: 'ptr-other-name',
          name: want.name,
          say: `${address} is called ${record.value}, which leads back to it: have the server say that name in EHLO, or the address renamed to ${want.value}.`,
        });
      const isTold = own.some((step) => step.includes('PTR'));
      if (!isTold && (record.state === 'missing' || record.state === 'wrong'))
        steps.push({
          sender: label,
          say: askForReverseName(address, want.value),
        });
    }
  return { records, notes, steps };
}

/** The request to whoever owns the address. */
export function askForReverseName(address: string, host: string): string {
  return `Ask whoever gave you ${address} (the host or cloud it is at) to set its reverse name (PTR) to ${host}.`;
}

/** The address that the reverse name is of, by the record that leads there. */
function addressOf(want: WantedRecord, wanted: SenderWants['records']): string {
  const type = want.name.endsWith('.ip6.arpa') ? 'AAAA' : 'A';
  return wanted.find((one) => one.type === type && one.name === want.value)?.value ?? want.name;
}

function settle(facts: Facts, want: WantedRecord, label: string, address: string): PlannedRecord {
  const { name, value, needed, why } = want;
  const base = { name, type: 'PTR', value, ttl: ttlSeconds, needed, why, sender: label } as const;
  const answer = facts.answer(name, 'PTR');
  if (answer.kind === 'failed') return { ...base, state: 'unknown' };
  const there = answer.kind === 'found' ? answer.values : [];
  if (there.includes(value)) return { ...base, state: 'present' };
  const type = name.endsWith('.ip6.arpa') ? 'AAAA' : 'A';
  const forward = there.slice(0, namesMax).map((host) => ({ host, back: facts.answer(host, type) }));
  const confirmed = forward.find(({ back }) => back.kind === 'found' && back.values.includes(address));
  if (confirmed) return { ...base, value: confirmed.host, state: 'present' };
  if (forward.some(({ back }) => back.kind === 'failed')) return { ...base, state: 'unknown' };
  return there.length === 0 ? { ...base, state: 'missing' } : { ...base, state: 'wrong', replaces: there };
}

/** As many as receivers look at. RFC 7208 §4.6.4 has the number for the same lookups. */
const namesMax = 10;
