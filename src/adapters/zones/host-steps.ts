/**
 * Changes of sets at hosts that know single records only: values that stay are left alone, one that gives way to another is changed
 * in its place, so that there is no moment without it. A change of which only a part could be made is taken back.
 */
import type { Outcome } from '../../base/outcome.ts';
import type { SetupType, ZoneEditorRefusal } from '../../services/setup/types.ts';
import type { ApplyResult, EditorOptions } from '../../services/setup/zone-editor.ts';
import type { HostChange } from './host-editor.ts';

export type SingleRecord = {
  readonly name: string;
  readonly type: SetupType;
  readonly ttl: number;
  readonly value: string;
};

export type RecordStep<Tag> =
  | { readonly kind: 'update'; readonly tag: Tag; readonly from: SingleRecord; readonly to: SingleRecord }
  | { readonly kind: 'create'; readonly to: SingleRecord }
  | { readonly kind: 'delete'; readonly tag: Tag; readonly from: SingleRecord };

/** Updates, then what is new, then what goes: a set is never empty on the way, unless it goes. */
export function stepsOf<Tag>({ name, type, held, after }: HostChange<Tag>): readonly RecordStep<Tag>[] {
  const recordOf = (ttl: number, value: string): SingleRecord => ({ name, type, ttl, value });
  const wanted = [...(after?.values ?? [])];
  const steps: RecordStep<Tag>[] = [];
  const leaving: { readonly tag: Tag; readonly from: SingleRecord }[] = [];
  for (const [at, value] of (held?.values ?? []).entries()) {
    const mark = { tag: held?.tags[at] as Tag, from: recordOf(held?.ttl ?? 0, value) };
    const place = wanted.indexOf(value);
    if (place < 0) {
      leaving.push(mark);
      continue;
    }
    wanted.splice(place, 1);
    if (after && after.ttl !== held?.ttl) steps.push({ kind: 'update', ...mark, to: recordOf(after.ttl, value) });
  }
  for (const value of wanted) {
    const to = recordOf(after?.ttl ?? 0, value);
    const gone = leaving.shift();
    steps.push(gone ? { kind: 'update', ...gone, to } : { kind: 'create', to });
  }
  return [...steps, ...leaving.map((mark) => ({ kind: 'delete' as const, ...mark }))];
}

/** Makes one step; a new record's tag comes back. */
export type MakeStep<Tag> = (
  step: RecordStep<Tag>,
  options: EditorOptions,
) => Promise<Outcome<Tag | undefined, ZoneEditorRefusal>>;

export async function makeChanges<Tag>(
  changes: readonly HostChange<Tag>[],
  make: MakeStep<Tag>,
  options: EditorOptions,
): Promise<ApplyResult> {
  for (const [done, change] of changes.entries()) {
    const undo: RecordStep<Tag>[] = [];
    for (const step of stepsOf(change)) {
      const made = await make(step, options);
      if (made.ok) {
        const back = inverse(step, made.value);
        if (back) undo.unshift(back);
        continue;
      }
      const stuck = await takeBack(undo, make);
      const say = stuck
        ? `${made.say}; ${change.name} ${change.type} is changed in part, and could not be set back`
        : made.say;
      return { ok: false, code: made.code, say, done };
    }
  }
  return { ok: true, done: changes.length };
}

function inverse<Tag>(step: RecordStep<Tag>, made: Tag | undefined): RecordStep<Tag> | undefined {
  if (step.kind === 'update') return { kind: 'update', tag: made ?? step.tag, from: step.to, to: step.from };
  if (step.kind === 'delete') return { kind: 'create', to: step.from };
  return made === undefined ? undefined : { kind: 'delete', tag: made, from: step.to };
}

/** Whether something is left that should not be. Goes on when the caller has no time left. */
async function takeBack<Tag>(undo: readonly RecordStep<Tag>[], make: MakeStep<Tag>): Promise<boolean> {
  let stuck = false;
  for (const step of undo) if (!(await make(step, {})).ok) stuck = true;
  return stuck;
}

/** Sets that a host changes one by one, each in one call. */
export async function makeEach<Tag>(
  changes: readonly HostChange<Tag>[],
  make: (change: HostChange<Tag>) => Promise<Outcome<unknown, ZoneEditorRefusal>>,
): Promise<ApplyResult> {
  for (const [done, change] of changes.entries()) {
    const made = await make(change);
    if (!made.ok) return { ok: false, code: made.code, say: made.say, done };
  }
  return { ok: true, done: changes.length };
}
