/**
 * The sandbox as a DNS host: every file `DATA/zones/NAME.zone` is a zone of its world, in force as soon as it is written. Whoever
 * may write the file owns the domain, so that a domain can be set up, published and verified here as it is outside.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zoneFileEditor } from '../../adapters/zones/zone-file.ts';
import { accept, refuse } from '../../base/outcome.ts';
import type { DnsRecord } from '../../format/dns-record.ts';
import { type DomainName, parentOf } from '../../format/domain-name.ts';
import { parseZoneText } from '../../format/zone-file.ts';
import { recordDataOf } from '../../protocol/dns/record-data.ts';
import { makeZoneSet, type ZoneSet } from '../../protocol/dns/zone-set.ts';
import type { OpenZoneEditor } from '../setup-desk.ts';

/** Serves every zone of this host; its address is in `world-zones.ts`. */
export const sandboxNameServer = 'ns.host.test';

/** Files are looked at again after this; a query before it is answered from what was read. */
const lookEveryMs = 5;

export function zoneFileOf(folder: string, domain: DomainName): string {
  return join(folder, 'zones', `${domain}.zone`);
}

/** A zone as a host sets it up: with its servers, and otherwise empty. Answers whether one was made: none held the name. */
export function makeZoneFile(folder: string, domain: DomainName): boolean {
  if (holdingFile(folder, domain) !== undefined) return false;
  const file = zoneFileOf(folder, domain);
  mkdirSync(join(folder, 'zones'), { recursive: true, mode: 0o700 });
  const text = [
    `; ${domain}, as the sandbox serves it. Changes are in force at once.`,
    '$TTL 300',
    `${domain}. SOA ${sandboxNameServer}. hostmaster.host.test. 1 3600 600 86400 60`,
    `${domain}. NS ${sandboxNameServer}.`,
    '',
  ].join('\n');
  writeFileSync(file, text, { mode: 0o600 });
  return true;
}

/** Writes a zone where there is none, or one without these texts; that one is kept beside it. */
export function keepZoneFile(
  folder: string,
  domain: DomainName,
  zone: { readonly text: string; readonly mustHold: readonly string[] },
): void {
  const file = zoneFileOf(folder, domain);
  if (existsSync(file)) {
    const records = recordsIn(file);
    const texts = typeof records === 'string' ? [] : recordDataOf('TXT', records);
    if (zone.mustHold.every((text) => texts.includes(text))) return;
    renameSync(file, `${file}.old`);
  }
  mkdirSync(join(folder, 'zones'), { recursive: true, mode: 0o700 });
  writeFileSync(file, zone.text, { mode: 0o600 });
}

/** What edits these zones, as an editor edits those of any DNS host. */
export function sandboxZoneEditor(folder: string): OpenZoneEditor {
  return async (domain) => {
    const path = holdingFile(folder, domain);
    if (path !== undefined) return accept(zoneFileEditor({ path }));
    return refuse(
      'no-such-zone',
      `The sandbox holds no zone for ${domain}: ${zoneFileOf(folder, domain)} is not there.`,
    );
  };
}

/** The file of the nearest zone at or above the name. */
function holdingFile(folder: string, name: DomainName): string | undefined {
  for (let apex: DomainName | undefined = name; apex; apex = parentOf(apex)) {
    const path = zoneFileOf(folder, apex);
    if (existsSync(path)) return path;
  }
  return undefined;
}

export class ZoneFiles {
  readonly #folder: string;
  readonly #nowMs: () => number;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #mark = '';
  #zones: ZoneSet;

  constructor(folder: string, nowMs: () => number, zones: ZoneSet) {
    this.#folder = join(folder, 'zones');
    this.#nowMs = nowMs;
    this.#zones = zones;
  }

  /** @param base zones that are there without a file; no file takes their place */
  zones(base: ZoneSet, onMistake: (say: string) => void): ZoneSet {
    const nowMs = this.#nowMs();
    if (nowMs - this.#lookedAtMs < lookEveryMs) return this.#zones;
    this.#lookedAtMs = nowMs;
    const files = this.#files();
    const mark = files.map(({ path, mtimeMs, size }) => `${path} ${mtimeMs} ${size}`).join('\n');
    if (mark === this.#mark) return this.#zones;
    this.#mark = mark;
    this.#zones = withFiles(
      base,
      files.map(({ path }) => path),
      onMistake,
    );
    return this.#zones;
  }

  #files(): { path: string; mtimeMs: number; size: number }[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith('.zone'))
      .sort()
      .flatMap((name) => {
        const path = join(this.#folder, name);
        const found = statSync(path, { throwIfNoEntry: false }); // it may be replaced at this moment
        return found?.isFile() ? [{ path, mtimeMs: found.mtimeMs, size: found.size }] : [];
      });
  }
}

/** A file that cannot be served is said, and the others are. */
function withFiles(base: ZoneSet, paths: readonly string[], onMistake: (say: string) => void): ZoneSet {
  const all = new Map(base);
  for (const path of paths) {
    const records = recordsIn(path);
    const made = typeof records === 'string' ? { ok: false as const, say: records } : makeZoneSet(records);
    if (!made.ok) onMistake(`${path}: ${made.say}`);
    else for (const [apex, zone] of made.value) if (!base.has(apex)) all.set(apex, zone);
  }
  return all;
}

function recordsIn(path: string): readonly DnsRecord[] | string {
  try {
    const parsed = parseZoneText(readFileSync(path, 'utf8'));
    return parsed.ok ? parsed.value.records : parsed.say;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
