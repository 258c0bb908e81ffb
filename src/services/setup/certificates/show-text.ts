/**
 * A TXT record that is there for a while: put beside what the name holds already, seen at every authoritative server, taken away
 * again. For the dns-01 challenge of RFC 8555 §8.4.
 */
import type { Timers } from '../../../base/clock.ts';
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import { type DomainName, parseQueryName } from '../../../format/domain-name.ts';
import type { Authorities } from '../../../protocol/dns/authorities.ts';
import { heldTtl } from '../publish/diff-zone.ts';
import type { RecordSet } from '../types.ts';
import type { ZoneEditor } from '../zone-editor.ts';

export type ShowTextPorts = {
  readonly editor: ZoneEditor;
  readonly authorities: Authorities;
  readonly timers: Timers;
  /** Has changes made one after the other, where several texts are shown at once: they may share a name, or a zone file. */
  readonly inTurn?: InTurn;
};

type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

export type ShownText = { readonly domain: DomainName; readonly name: string; readonly text: string };

const ttl = 60;
/** Hosts take up to some minutes until their last server shows a change. */
const patienceMs = 5 * 60_000;
const lookEveryMs = 2_000;

type Result = Outcome<undefined, 'not-shown'>;

export async function showText(ports: ShowTextPorts, shown: ShownText): Promise<Result> {
  const { editor, inTurn = atOnce } = ports;
  const put = await inTurn(() => change(editor, shown, (values) => [...new Set([...values, shown.text])]));
  return put.ok ? seen(ports, shown) : put;
}

/** Other texts of the name stay. */
export function takeText(
  { editor, inTurn = atOnce }: Pick<ShowTextPorts, 'editor' | 'inTurn'>,
  shown: ShownText,
): Promise<Result> {
  return inTurn(() => change(editor, shown, (values) => values.filter((value) => value !== shown.text)));
}

const atOnce: InTurn = (work) => work();

async function change(
  editor: ZoneEditor,
  { domain, name }: ShownText,
  next: (values: readonly string[]) => readonly string[],
): Promise<Result> {
  const zone = await editor.read(domain);
  if (!zone.ok) return refuse('not-shown', zone.say);
  const before = zone.value.sets.find((set) => set.name === name && set.type === 'TXT');
  const values = next(before?.values ?? []);
  if (values.length === (before?.values.length ?? 0)) return accept(undefined);
  const after: RecordSet = { name, type: 'TXT', ttl: before?.ttl ?? heldTtl(ttl, zone.value.ttl), values };
  const changed = await editor.apply(zone.value.zone, [
    { name, type: 'TXT', ...(before && { before }), ...(values.length > 0 && { after }) },
  ]);
  return changed.ok ? accept(undefined) : refuse('not-shown', changed.say);
}

async function seen({ authorities, timers }: ShowTextPorts, { name, text }: ShownText): Promise<Result> {
  const asked = parseQueryName(name);
  if (asked === undefined) return refuse('not-shown', `${name} is too long for the DNS`);
  const untilMs = timers.monotonicMs() + patienceMs;
  for (;;) {
    const found = await authorities.lookup(asked, 'TXT');
    const blind =
      found.kind === 'failed' ? found.say : found.answers.find(({ answer }) => !holds(answer, text))?.server;
    if (blind === undefined) return accept(undefined);
    if (timers.monotonicMs() > untilMs) return refuse('not-shown', `${blind} does not show ${name} yet`);
    await timers.sleep(lookEveryMs);
  }
}

function holds(answer: { readonly kind: string; readonly records?: readonly string[] }, text: string): boolean {
  return answer.kind === 'found' && answer.records?.includes(text) === true;
}
