/** A name server for the benchmark of the doctor: every name of the world in one root zone, its answers held back by a delay. */
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Delayed = {
  readonly port: number;
  /** How many questions came, and how many of them had come before. */
  readonly counted: () => { readonly questions: number; readonly repeated: number };
  readonly close: () => void;
};

/** As RFC 1035 §4.1 has it: a header of 12 octets, then the question. */
const headerOctets = 12;

/** Stands before a name server on loopback: each answer leaves so much later. */
export async function delayed(upstreamPort: number, delayMs: number): Promise<Delayed> {
  const front = createSocket('udp4');
  const back = createSocket('udp4');
  const asked = new Map<string, { readonly port: number; readonly address: string }>();
  const seen = new Map<string, number>();
  const idOf = (octets: Buffer) => octets.toString('latin1', 0, 2);
  const questionOf = (octets: Buffer) => {
    let at = headerOctets;
    while ((octets[at] ?? 0) > 0) at += (octets[at] ?? 0) + 1;
    return octets.toString('latin1', headerOctets, at + 5);
  };
  front.on('message', (octets, from) => {
    const question = questionOf(octets);
    const plain = question.toLowerCase();
    seen.set(plain, (seen.get(plain) ?? 0) + 1);
    asked.set(idOf(octets) + question, from);
    setTimeout(() => back.send(octets, upstreamPort, '127.0.0.1'), delayMs);
  });
  back.on('message', (octets) => {
    const key = idOf(octets) + questionOf(octets);
    const to = asked.get(key);
    asked.delete(key);
    if (to) front.send(octets, to.port, to.address);
  });
  await new Promise<void>((resolve) => front.bind(0, '127.0.0.1', resolve));
  return {
    port: front.address().port,
    counted: () => ({
      questions: [...seen.values()].reduce((sum, count) => sum + count, 0),
      repeated: [...seen.values()].filter((count) => count > 1).length,
    }),
    close: () => {
      front.close();
      back.close();
    },
  };
}

/** One zone that holds the whole world: what is not in it does not exist. */
export function worldZone(folder: string, texts: readonly string[]): string {
  const path = join(folder, 'world.zone');
  const top = '. 3600 SOA a.root. nobody.root. 1 3600 600 604800 300\n. 3600 NS a.root.\na.root. 3600 A 127.0.0.1\n';
  const within = texts.map((text) => text.replaceAll(/^\S+ \d+ (?:SOA|NS) .*\n/gm, ''));
  writeFileSync(path, [top, ...within].join('\n'));
  return path;
}
