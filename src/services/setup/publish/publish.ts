/**
 * Publishes: reads the zone at its host, has the plan made against exactly that, applies the difference, looks whether the host then
 * holds it and every authoritative server shows it, and takes it back where it came out otherwise. Each publication stands in the
 * journal with what was there before, before anything is changed; so one that was broken off can be told, and undone.
 *
 *   begun -host holds it-> made -every server shows it-> verified
 *     |-nothing was changed-> refused      |-a server shows something else-> undone
 *     |-some was changed-> undone, or broken where it cannot be taken back
 */
import type { Timers } from '../../../base/clock.ts';
import { accept, type Outcome } from '../../../base/outcome.ts';
import type { Authorities } from '../../../protocol/dns/authorities.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import type { RecordChange, ZoneEditorRefusal } from '../types.ts';
import type { ApplyResult, ZoneContents, ZoneEditor } from '../zone-editor.ts';
import { besideAliases, diffZone, holds, inverseOf } from './diff-zone.ts';
import { expectedZone } from './expected-zone.ts';
import { resolverOverZone } from './resolver-over-zone.ts';
import type {
  ChangeView,
  DiffObstacle,
  MakePlan,
  Prepared,
  Publication,
  PublicationJournal,
  PublishEnd,
  Publisher,
  PublishOptions,
  Watcher,
} from './types.ts';
import { isSeenEverywhere, isSpoiled, viewChanges } from './view-changes.ts';

export type PublisherPorts = {
  readonly editor: ZoneEditor;
  readonly resolver: Resolver;
  readonly authorities: Authorities;
  readonly journal: PublicationJournal;
  readonly timers: Timers;
};

/** A host that has just failed is asked so often what it holds now, and after a longer wait each time. (Our choice.) */
const readsMax = 4;
const readWaitMs = 2_000;
/** Servers of one host follow each other within seconds, mostly. (Our choice.) */
const lookMinMs = 1_000;
const lookMaxMs = 20_000;

export function createWatcher({ journal, authorities }: Pick<PublisherPorts, 'journal' | 'authorities'>): Watcher {
  return {
    journal,
    expected: async (domain) => expectedZone(await journal.list(domain)),
    look: (changes, options) => viewChanges(authorities, changes, options),
  };
}

export function createPublisher(
  ports: PublisherPorts,
  diffOptions: { readonly withOptional?: boolean } = {},
): Publisher {
  return {
    host: ports.editor.kind,
    ability: ports.editor.ability,
    journal: ports.journal,
    prepare: async (domain, makePlan) => {
      const read = await ports.editor.read(domain);
      if (!read.ok) return read;
      const plan = await planOver(makePlan, read.value, ports.resolver);
      return accept({ domain, contents: read.value, diff: diffZone(plan, read.value, diffOptions), plan });
    },
    prepareUndo: (publication) => prepareUndo(ports.editor, publication),
    carryOut: (prepared, options) => new Publishing(ports, prepared, options).run(),
  };
}

function planOver(makePlan: MakePlan, contents: ZoneContents, resolver: Resolver) {
  return makePlan(resolverOverZone(contents, resolver));
}

/** Of what a publication did, all that still stands as it left it. */
async function prepareUndo(
  editor: ZoneEditor,
  { id, domain, changes }: Publication,
): Promise<Outcome<Prepared, ZoneEditorRefusal>> {
  const read = await editor.read(domain);
  if (!read.ok) return read;
  const contents = read.value;
  const standing = changes.filter((change) => holds(contents, change, 'after') && !holds(contents, change, 'before'));
  const overtaken = changes.filter((change) => !holds(contents, change, 'after') && !holds(contents, change, 'before'));
  const obstacles = overtaken.map(
    ({ name, type }): DiffObstacle => ({ name, type, say: 'was changed again since, so it stays' }),
  );
  const back = inverseOf(standing).map((change) => withTtlNow(change, contents));
  const { possible, beside } = besideAliases(back, contents);
  const diff = { changes: possible, elsewhere: [], obstacles: [...obstacles, ...beside], present: 0 };
  return accept({ domain, contents, undoes: id, diff });
}

function withTtlNow(change: RecordChange, { sets }: ZoneContents): RecordChange {
  const now = sets.find(({ name, type }) => name === change.name && type === change.type);
  return now && change.before ? { ...change, before: now } : change;
}

type Failure = { readonly code: ZoneEditorRefusal; readonly say: string };

/** One publication from its line in the journal to its end. */
class Publishing {
  readonly #ports: PublisherPorts;
  readonly #prepared: Prepared;
  readonly #options: PublishOptions;
  #id = '';

  constructor(ports: PublisherPorts, prepared: Prepared, options: PublishOptions) {
    this.#ports = ports;
    this.#prepared = prepared;
    this.#options = options;
  }

  get #changes(): readonly RecordChange[] {
    return this.#prepared.diff.changes;
  }

  async run(): Promise<PublishEnd> {
    const { editor, journal } = this.#ports;
    const { domain, contents, undoes } = this.#prepared;
    const entry = { domain, zone: contents.zone, host: editor.kind, changes: this.#changes };
    this.#id = await journal.begin(undoes === undefined ? entry : { ...entry, undoes });
    const { signal } = this.#options;
    const applied = await editor.apply(contents.zone, this.#changes, signal ? { signal } : {});
    if (!applied.ok) return this.#afterFailure(applied);
    this.#options.onStep?.({ step: 'applied', changes: applied.done });
    const now = await this.#readAgain();
    if (now === undefined) {
      const say = 'The host took the changes, and does not answer any more.';
      return this.#end({ state: 'made', views: [] }, say);
    }
    const missing = this.#changes.filter((change) => !holds(now, change, 'after'));
    if (missing.length > 0) {
      const say = `The host said yes, and holds something else: ${namesOf(missing)}.`;
      return this.#takeBack(now, this.#changes, { code: 'refused', say });
    }
    await journal.note(this.#id, domain, 'made');
    return this.#verify();
  }

  /** The host's word is not believed: what it holds now decides. */
  async #afterFailure(failure: Extract<ApplyResult, { readonly ok: false }>): Promise<PublishEnd> {
    const { editor } = this.#ports;
    if (failure.done === 0 && failure.code !== 'unavailable' && editor.ability.atomic) return this.#refused(failure);
    const now = await this.#readAgain();
    if (now === undefined) return this.#end({ state: 'broken', ...pick(failure), left: this.#changes });
    // The one it stopped at may be half made; where it says that somebody else changed that one, it is somebody else's.
    const [broken] = failure.code === 'changed-meanwhile' ? [] : this.#changes.slice(failure.done);
    // A host that said no has not come to those behind it: who made the same there was somebody else. One that was silent may have.
    const reached = failure.code === 'unavailable' ? this.#changes : this.#changes.slice(0, failure.done);
    const ours = this.#changes.filter(
      (change) => change === broken || (reached.includes(change) && holds(now, change, 'after')),
    );
    return this.#takeBack(now, ours, failure);
  }

  /** What stands of the changes goes, one at a time from the last, so that one that cannot be undone keeps no other from it. */
  async #takeBack(now: ZoneContents, changes: readonly RecordChange[], failure: Failure): Promise<PublishEnd> {
    const standing = changes.filter((change) => !holds(now, change, 'before'));
    if (standing.length === 0) return this.#refused(failure);
    this.#options.onStep?.({ step: 'taking-back', why: failure.say });
    const { editor } = this.#ports;
    for (const change of inverseOf(standing)) {
      const held = now.sets.find(({ name, type }) => name === change.name && type === change.type);
      const { before: _, ...back } = change;
      // No signal: whoever stops us now would leave it half done.
      await editor.apply(now.zone, [held ? { ...back, before: held } : back]);
    }
    const after = await this.#readAgain();
    const left = after === undefined ? standing : standing.filter((change) => !holds(after, change, 'before'));
    return left.length === 0
      ? this.#end({ state: 'undone', ...pick(failure) })
      : this.#end({ state: 'broken', ...pick(failure), left });
  }

  #refused(failure: Failure): Promise<PublishEnd> {
    return this.#end({ state: 'refused', ...pick(failure) });
  }

  async #readAgain(): Promise<ZoneContents | undefined> {
    const { editor, timers } = this.#ports;
    for (let reads = 1; ; reads++) {
      const read = await editor.read(this.#prepared.contents.zone);
      if (read.ok) return read.value;
      if (reads === readsMax) return undefined;
      await timers.sleep(readWaitMs * 2 ** (reads - 1));
    }
  }

  async #verify(): Promise<PublishEnd> {
    const { timers } = this.#ports;
    const { waitMs, signal, onStep } = this.#options;
    const startMs = timers.monotonicMs();
    for (let pauseMs = lookMinMs; ; pauseMs = Math.min(2 * pauseMs, lookMaxMs)) {
      const views = await viewChanges(this.#ports.authorities, this.#changes, signal ? { signal } : {});
      onStep?.({ step: 'looked', views });
      if (isSeenEverywhere(views)) return this.#end({ state: 'verified', views });
      const leftMs = startMs + waitMs - timers.monotonicMs();
      if (leftMs <= 0 || signal?.aborted) return this.#notSeen(views);
      await timers.sleep(Math.min(pauseMs, leftMs), signal);
    }
  }

  /** Servers that lag behind will follow; one that shows what nobody asked for is a result that was not planned. */
  async #notSeen(views: readonly ChangeView[]): Promise<PublishEnd> {
    // Asked once and at once, a server may show what stood there before the publication before this one.
    if (!isSpoiled(views) || this.#options.waitMs === 0) return this.#end({ state: 'made', views });
    const now = await this.#readAgain();
    // What the host itself holds in neither state was changed by somebody else since: it is theirs, and no fault of ours.
    const isTheirs = (change: RecordChange) =>
      now !== undefined && !holds(now, change, 'after') && !holds(now, change, 'before');
    const wrong = views.filter((view) => isSpoiled([view]) && !isTheirs(view.change));
    if (wrong.length === 0) {
      const theirs = this.#changes.filter(isTheirs);
      return this.#end({ state: 'made', views }, `Somebody else has changed it again since: ${namesOf(theirs)}.`);
    }
    const servers = new Set(
      wrong.flatMap((view) => view.servers.filter(({ shows }) => shows === 'other')).map(({ server }) => server),
    );
    const failure = {
      code: 'refused',
      say: `${[...servers].join(', ')} show${servers.size === 1 ? 's' : ''} something else than was published: ${namesOf(wrong.map(({ change }) => change))}.`,
    } as const;
    return now === undefined
      ? this.#end({ state: 'broken', ...failure, left: this.#changes })
      : this.#takeBack(
          now,
          this.#changes.filter((change) => !isTheirs(change)),
          failure,
        );
  }

  async #end(end: DistributiveOmit<PublishEnd, 'id'>, say?: string): Promise<PublishEnd> {
    // `made` stands there already.
    if (end.state === 'made' && say === undefined) return { ...end, id: this.#id };
    const words = say ?? ('say' in end ? end.say : undefined);
    await this.#ports.journal.note(this.#id, this.#prepared.domain, end.state, words);
    return { ...end, id: this.#id };
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

function pick({ code, say }: Failure): Failure {
  return { code, say };
}

function namesOf(changes: readonly RecordChange[]): string {
  return [...new Set(changes.map(({ name, type }) => `${name} ${type}`))].join(', ');
}
