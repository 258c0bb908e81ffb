/** What differs between two documents, and whether it asks more or less of the world. Pure. docs/POLICY_DOCUMENT.md §5 */
import type { StsMode } from '../../../protocol/mta-sts/types.ts';
import { dmarcStages } from '../types.ts';
import type { PolicyChange, PolicyDocument } from './types.ts';

const strength: Readonly<Record<StsMode, number>> = { none: 0, testing: 1, enforce: 2 };
const nothing = '-';

export function comparePolicies(before: PolicyDocument, after: PolicyDocument): PolicyChange[] {
  return [
    ...compareSets('sender', before.senders, after.senders),
    ...compareKeys(before, after),
    ...compareSteps('dmarc.stage', before.dmarc.stage, after.dmarc.stage, (stage) => dmarcStages.indexOf(stage)),
    // Who takes the reports away makes the owner blind, so it waits like everything that loosens.
    ...compareSets('dmarc.rua', before.dmarc.rua, after.dmarc.rua, { added: 'neutral', removed: 'loosens' }),
    ...compareSteps('tls.mode', before.tls.mode, after.tls.mode, (mode) => strength[mode]),
    ...compareSets('tls.mx', before.tls.mx, after.tls.mx, before.tls.mode === 'none' ? neither : undefined),
    ...compareSets('tls.reports', before.tls.reports, after.tls.reports, { added: 'neutral', removed: 'loosens' }),
    ...compareSteps('tls.max_age', before.tls.maxAgeSeconds, after.tls.maxAgeSeconds, (age) => age),
    ...compareSteps('contact', before.contact ?? nothing, after.contact ?? nothing, () => 0),
  ];
}

type Kinds = { readonly added: PolicyChange['kind']; readonly removed: PolicyChange['kind'] };

/** Without a policy everybody may receive, whatever it names. */
const neither: Kinds = { added: 'neutral', removed: 'neutral' };

/** Of those who may: one more loosens, one less tightens. */
function compareSets(
  what: string,
  before: readonly string[],
  after: readonly string[],
  kinds: Kinds = { added: 'loosens', removed: 'tightens' },
): PolicyChange[] {
  const removed = before.filter((one) => !after.includes(one));
  const added = after.filter((one) => !before.includes(one));
  return [
    ...removed.map((from): PolicyChange => ({ what, from, to: nothing, kind: kinds.removed })),
    ...added.map((to): PolicyChange => ({ what, from: nothing, to, kind: kinds.added })),
  ];
}

function compareKeys(before: PolicyDocument, after: PolicyDocument): PolicyChange[] {
  const textOf = ({ keys }: PolicyDocument) => keys.map(({ selector, record }) => `${selector} ${record}`);
  return compareSets('key', textOf(before), textOf(after));
}

function compareSteps<T extends string | number>(
  what: string,
  before: T,
  after: T,
  strengthOf: (value: T) => number,
): PolicyChange[] {
  if (before === after) return [];
  const step = strengthOf(after) - strengthOf(before);
  const kind = step < 0 ? 'loosens' : step > 0 ? 'tightens' : 'neutral';
  return [{ what, from: String(before), to: String(after), kind }];
}

/** What both agree to allow, and the stricter of what each asks: in force while the newer one has to wait. */
export function strictestOf(before: PolicyDocument, after: PolicyDocument): PolicyDocument {
  const isIn = (keys: PolicyDocument['keys'], { selector, record }: PolicyDocument['keys'][number]) =>
    keys.some((key) => key.selector === selector && key.record === record);
  const union = (a: readonly string[], b: readonly string[]) => [...new Set([...a, ...b])];
  const isStricter = strength[after.tls.mode] > strength[before.tls.mode];
  const isHigher = dmarcStages.indexOf(after.dmarc.stage) > dmarcStages.indexOf(before.dmarc.stage);
  const mx = before.tls.mx.filter((host) => after.tls.mx.includes(host));
  return {
    ...after,
    senders: before.senders.filter((sender) => after.senders.includes(sender)),
    keys: before.keys.filter((key) => isIn(after.keys, key)),
    dmarc: {
      stage: isHigher ? after.dmarc.stage : before.dmarc.stage,
      rua: union(before.dmarc.rua, after.dmarc.rua),
    },
    tls: {
      ...after.tls,
      mode: isStricter ? after.tls.mode : before.tls.mode,
      maxAgeSeconds: Math.max(before.tls.maxAgeSeconds, after.tls.maxAgeSeconds),
      mx: [mx, before.tls.mx, after.tls.mx].find((hosts) => hosts.length > 0) ?? [], // enforced without hosts it would stop all mail
      reports: union(before.tls.reports, after.tls.reports),
    },
  };
}
