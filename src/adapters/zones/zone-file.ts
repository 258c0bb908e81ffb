/**
 * `ZoneEditor` over a master file on this machine. A change is written beside the file, synced, and takes its place in one step,
 * and only while the file still is what was read; comments and the order of what is not changed stay. Whatever serves the file
 * has to be told (`rndc reload`, `knotc zone-reload`, `nsd-control reload`); the SOA serial is raised.
 */
import { open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fromLatin1, latin1 } from '../../base/bytes.ts';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import { dnsNameKey } from '../../format/dns-name.ts';
import { type DomainName, isEqualOrBelow, parseDomainName } from '../../format/domain-name.ts';
import { haveSameValues, setsOfRecords } from '../../format/record-set.ts';
import { parseZoneText, type ZoneText } from '../../format/zone-file.ts';
import type { RecordChange, ZoneEditorRefusal } from '../../services/setup/types.ts';
import type { ApplyResult, ZoneContents, ZoneEditor } from '../../services/setup/zone-editor.ts';
import { rewriteZone } from './zone-file-rewrite.ts';

type Refusal = Extract<Outcome<never, ZoneEditorRefusal>, { readonly ok: false }>;
type Held = { readonly mark: string; readonly text: string; readonly zone: ZoneText };

const byteOrderMark = '\xef\xbb\xbf'; // UTF-8, read as latin1

/** Our choice: a zone of a million records; what is larger is no zone a person keeps in a file. */
const fileOctetsMax = 64 * 1024 * 1024;
/** How often a file that changes while it is being changed is read again. */
const triesMax = 3;

export function zoneFileEditor({ path }: { readonly path: string }): ZoneEditor {
  return {
    kind: 'zone-file',
    ability: { atomic: true, compares: true },
    read: async (domain) => {
      const held = await readHeld(path);
      return held.ok ? contentsOf(held.value.zone, domain, path) : held;
    },
    apply: (zone, changes) => applyTo(path, zone, changes),
  };
}

async function applyTo(path: string, zone: DomainName, changes: readonly RecordChange[]): Promise<ApplyResult> {
  for (let tries = 1; ; tries++) {
    const held = await readHeld(path);
    const contents = held.ok ? contentsOf(held.value.zone, zone, path) : held;
    if (!held.ok) return { ...held, done: 0 };
    if (!contents.ok) return { ...contents, done: 0 };
    if (contents.value.zone !== zone) return { ...noZone(zone, path), done: 0 };
    if (changes.length === 0) return { ok: true, done: 0 };
    const stale = changes.find(({ name, type, before }) => {
      const now = contents.value.sets.find((set) => set.name === name && set.type === type);
      return !haveSameValues(now, before);
    });
    if (stale !== undefined) {
      const say = `${stale.name} ${stale.type} in ${path} is not what it was when the change was planned.`;
      return { ...refuse('changed-meanwhile', say), done: 0 };
    }
    const text = rewriteZone(held.value.text, changes);
    if (!text.ok) {
      const code = text.code === 'not-supported' ? 'not-supported' : 'refused';
      return { ...refuse(code, `${path}: ${text.say}`), done: 0 };
    }
    const { mark } = held.value;
    const replaced = await replaceFile(path, mark + held.value.text, mark + text.value);
    if (replaced === 'replaced') return { ok: true, done: changes.length };
    if (replaced !== 'changed') return { ...replaced, done: 0 };
    if (tries === triesMax)
      return { ...refuse('changed-meanwhile', `${path} is being changed by somebody else all the time.`), done: 0 };
  }
}

async function readHeld(path: string): Promise<Outcome<Held, ZoneEditorRefusal>> {
  const read = await fileWork(path, async () => {
    const { size } = await stat(path);
    return size > fileOctetsMax ? undefined : latin1(await readFile(path));
  });
  if (!read.ok) return read;
  if (read.value === undefined) return refuse('refused', `${path} is larger than ${fileOctetsMax} octets.`);
  // Octet by octet, so that comments in whatever encoding stay.
  const mark = read.value.startsWith(byteOrderMark) ? byteOrderMark : '';
  const text = read.value.slice(mark.length);
  const zone = parseZoneText(text);
  return zone.ok ? accept({ mark, text, zone: zone.value }) : refuse('refused', `${path}: ${zone.say}`);
}

/** The zone at or above `domain` whose SOA stands in the file; a file without any is the zone of whatever is asked for. */
function contentsOf(zone: ZoneText, domain: DomainName, path: string): Outcome<ZoneContents, ZoneEditorRefusal> {
  const apexes = zone.records.flatMap(({ name, data }) =>
    data.type === 'SOA' ? (parseDomainName(dnsNameKey(name)) ?? []) : [],
  );
  const apex = nearest(apexes, domain) ?? (apexes.length === 0 && holds(zone, domain) ? domain : undefined);
  if (apex === undefined) return noZone(domain, path);
  const sets = setsOfRecords(zone.records).filter(({ name }) => {
    const owner = parseDomainName(name.replace(/^\*\./, ''));
    if (owner === undefined) return name.endsWith(`.${apex}`);
    return isEqualOrBelow(owner, apex) && (apexes.length === 0 || nearest(apexes, owner) === apex);
  });
  const nameServers = sets.flatMap(({ name, type, values }) => (name === apex && type === 'NS' ? values : []));
  return accept({ zone: apex, sets, nameServers });
}

function nearest(apexes: readonly DomainName[], domain: DomainName): DomainName | undefined {
  const above = apexes.filter((apex) => isEqualOrBelow(domain, apex));
  return above.sort((one, other) => other.length - one.length)[0];
}

function holds({ records }: ZoneText, domain: DomainName): boolean {
  return records.length === 0 || records.some(({ name }) => `.${dnsNameKey(name)}`.endsWith(`.${domain}`));
}

function noZone(domain: DomainName, path: string): Refusal {
  return refuse('no-such-zone', `${path} holds no zone that ${domain} lies in.`);
}

/** `changed`: the file is no longer what it was. */
async function replaceFile(written: string, was: string, text: string): Promise<'replaced' | 'changed' | Refusal> {
  const found = await fileWork(written, () => realpath(written)); // a link stays one: the file it leads to is what is served
  if (!found.ok) return found;
  const path = found.value;
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.new`);
  const done = await fileWork(path, async () => {
    const { mode, uid, gid } = await stat(path);
    const file = await open(beside, 'wx', mode & 0o777);
    try {
      await file.writeFile(fromLatin1(text));
      await file.chmod(mode & 0o777);
      if (process.getuid?.() === 0) await file.chown(uid, gid); // whoever serves the file still has to read it
      await file.sync();
    } finally {
      await file.close();
    }
    if (latin1(await readFile(path)) !== was) return 'changed' as const;
    await rename(beside, path);
    return 'replaced' as const;
  });
  if (done.ok && done.value === 'replaced') {
    const folder = await open(dirname(path), 'r');
    await folder.sync().finally(() => folder.close());
    return 'replaced';
  }
  await unlink(beside).catch(() => {});
  return done.ok ? done.value : done;
}

async function fileWork<T>(path: string, work: () => Promise<T>): Promise<Outcome<T, ZoneEditorRefusal>> {
  try {
    return accept(await work());
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    if (code === 'ENOENT') return refuse('no-such-zone', `There is no file ${path}.`);
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
      return refuse('refused', `${path} may not be changed by this user (${code}).`);
    return refuse('unavailable', `${path} cannot be changed: ${code}.`);
  }
}
