/** Every form in which a secret could lie in a file or a log line, and the search for them. */
import type { KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What to look for, by what it is. */
export type Traces = ReadonlyMap<string, Buffer>;

/** A word as it is, and as encodings would show it: base64 at each of its three places, hex, percent. */
export function tracesOfWord(name: string, word: string): Traces {
  const octets = Buffer.from(word, 'utf8');
  const traces = new Map<string, Buffer>([
    [name, octets],
    [`${name} in hex`, Buffer.from(octets.toString('hex'))],
    [`${name} in percent`, Buffer.from(encodeURIComponent(word))],
  ]);
  for (const [coding, trace] of base64Traces(octets)) traces.set(`${name} in ${coding}`, trace);
  return traces;
}

/** PEM line by line, DER, and the numbers that are the secret itself, in octets, base64 and hex. */
export function tracesOfKey(name: string, key: KeyObject): Traces {
  const traces = new Map<string, Buffer>();
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const lines = key.export({ type: 'pkcs8', format: 'pem' }).toString().split('\n').slice(1, -2);
  // The first line tells the algorithm and the modulus, which are public.
  for (const [nth, line] of lines.entries())
    if (lines.length === 1 || nth > 8) traces.set(`${name}, line ${nth} of its PEM`, Buffer.from(line.slice(0, 60)));
  traces.set(`${name} as DER`, der.subarray(-64));
  const numbers = key.export({ format: 'jwk' });
  for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const) {
    const text = numbers[part];
    if (text === undefined) continue;
    const octets = Buffer.from(text, 'base64url');
    traces.set(`${part} of ${name}`, octets);
    traces.set(`${part} of ${name} in hex`, Buffer.from(octets.toString('hex')));
    for (const [coding, trace] of base64Traces(octets)) traces.set(`${part} of ${name} in ${coding}`, trace);
  }
  return traces;
}

/** Inside other octets base64 begins anywhere: only what does not depend on the neighbours is looked for. */
function base64Traces(octets: Buffer): [string, Buffer][] {
  return [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), octets])
      .toString('base64')
      .replaceAll('=', '');
    const sure = text.slice(shift === 0 ? 0 : shift + 1, -1).slice(0, 60);
    return [
      [`base64 (${shift})`, Buffer.from(sure)] as [string, Buffer],
      [`base64url (${shift})`, Buffer.from(sure.replaceAll('+', '-').replaceAll('/', '_'))] as [string, Buffer],
    ];
  });
}

export type Place = { readonly name: string; readonly octets: Buffer };

/** All files below a folder but those named. */
export function filesBelow(folder: string, except: readonly string[] = []): Place[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !except.includes(entry.name))
    .map((entry) => {
      const name = join(entry.parentPath, entry.name);
      return { name, octets: readFileSync(name) };
    });
}

/** `what in where`, for each that was found. */
export function findTraces(places: readonly Place[], traces: Traces): string[] {
  const found: string[] = [];
  for (const { name, octets } of places)
    for (const [what, trace] of traces) if (octets.includes(trace)) found.push(`${what} in ${name}`);
  return found;
}
