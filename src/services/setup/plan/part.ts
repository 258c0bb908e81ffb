/** What each rule of the plan gets, what it answers, and the little that all of them need. Pure. */
import type { DomainName } from '../../../format/domain-name.ts';
import type { SpfCompiler } from '../spf-compiler/types.ts';
import type {
  Catalogue,
  Declaration,
  OwnOffice,
  Plan,
  PlanConflict,
  PlanNote,
  PlannedRecord,
  RecordState,
  SenderWants,
  SetupType,
} from '../types.ts';
import type { Facts, Sight } from './facts.ts';
import { meansTheSame } from './same-meaning.ts';

export type Context = {
  readonly domain: DomainName;
  readonly declaration: Declaration;
  /** What each declared sender wants, in the order of the declaration. */
  readonly wants: readonly SenderWants[];
  readonly facts: Facts;
  readonly catalogue: Catalogue;
  readonly compiler: SpfCompiler;
  readonly office?: OwnOffice;
};

/** A piece of the plan; what a rule has nothing to say about is absent. */
export type Part = {
  readonly records?: readonly PlannedRecord[];
  readonly conflicts?: readonly PlanConflict[];
  readonly notes?: readonly PlanNote[];
  readonly dropped?: Plan['dropped'];
  readonly steps?: Plan['steps'];
};

/** Who wants what the domain itself needs. */
export const self = 'posthorn';

/** Short enough that a mistake is over within the hour, long enough to be kept meanwhile. (Our choice.) */
export const ttlSeconds = 3600;

/** What the state of a value is at a name where others of its type may stand beside it. */
export function stateAmong(sight: Sight, type: SetupType, value: string): RecordState {
  if (sight.kind === 'unknown') return 'unknown';
  return sight.values.some((there) => meansTheSame(type, there, value)) ? 'present' : 'missing';
}

export function isBelow(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}

export function joined(parts: readonly Part[]): Required<Part> {
  return {
    records: parts.flatMap((part) => part.records ?? []),
    conflicts: parts.flatMap((part) => part.conflicts ?? []),
    notes: parts.flatMap((part) => part.notes ?? []),
    dropped: parts.flatMap((part) => part.dropped ?? []),
    steps: parts.flatMap((part) => part.steps ?? []),
  };
}
