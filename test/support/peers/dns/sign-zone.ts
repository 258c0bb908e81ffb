/** Zones signed with BIND's tools: with keys of their own, for today or for a time that is over. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../sandbox-scene.ts';
import type { ZoneFile } from './name-servers.ts';

export type SignedZone = {
  readonly zone: ZoneFile;
  /** What a validator has to be told: `example.test. IN DS ...` */
  readonly anchor: string;
};

/** @param text with SOA and NS; may be relative to `origin` */
export async function signZone(
  origin: string,
  text: string,
  { expired = false }: { readonly expired?: boolean } = {},
): Promise<SignedZone> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-signed-'));
  try {
    const program = async (name: string, ...words: readonly string[]) => {
      const ran = await run(name, words);
      assert.equal(ran.code, 0, ran.out + ran.err);
      return ran.out;
    };
    const keygen = ['-q', '-K', folder, '-a', 'ECDSAP256SHA256'];
    const [ksk] = await Promise.all([
      program('dnssec-keygen', ...keygen, '-f', 'KSK', origin),
      program('dnssec-keygen', ...keygen, origin),
    ]);
    const [input, output] = [join(folder, 'in'), join(folder, 'out')];
    writeFileSync(input, `$ORIGIN ${origin}.\n${text}`);
    const days = expired ? ['-P', '-s', '20200101000000', '-e', '20200201000000'] : [];
    await program(
      'dnssec-signzone',
      '-q',
      '-S',
      '-K',
      folder,
      '-d',
      folder,
      '-o',
      origin,
      ...days,
      '-f',
      output,
      input,
    );
    const anchor = await program('dnssec-dsfromkey', '-2', join(folder, ksk.trim()));
    return { zone: { origin, text: readFileSync(output, 'latin1') }, anchor: anchor.trim() };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same zone with a record changed after it was signed. */
export function forge({ zone, anchor }: SignedZone, before: string, after: string): SignedZone {
  assert.ok(zone.text.includes(before), `${before} is in the zone`);
  return { zone: { ...zone, text: zone.text.replaceAll(before, after) }, anchor };
}
