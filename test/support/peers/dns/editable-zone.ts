/**
 * A zone at a name server of others that takes signed updates, and a second hand in it: BIND's nsupdate and dig, which are not
 * ours either.
 */
import assert from 'node:assert/strict';
import type { Endpoint } from '../../../../src/base/port/net.ts';
import { isValueType, recordsOfSet } from '../../../../src/format/record-set.ts';
import { dataText, recordText } from '../../../../src/format/zone-file.ts';
import type { RecordSet } from '../../../../src/services/setup/types.ts';
import { contractNameServers, contractZone } from '../../../contracts/zone-editor.ts';
import { run } from '../../sandbox-scene.ts';
import { type NameServer, startKnot, startNamed, type ZoneFile } from './name-servers.ts';

/** Of no use outside: made for these servers alone. */
export const updateKey = {
  name: 'editor.key',
  algorithm: 'hmac-sha256',
  secret: 'c2l4dGVlbiBvY3RldHMgYW5kIHNpeHRlZW4gbW9yZSE=',
} as const;
const otherKey = { ...updateKey, name: 'other.key', algorithm: 'hmac-sha512' } as const;
export type UpdateKey = { readonly name: string; readonly algorithm: string; readonly secret: string };

export function contractZoneFile(
  sets: readonly RecordSet[],
  nameServers: readonly string[] = contractNameServers,
): ZoneFile {
  const zone = contractZone;
  return {
    origin: zone,
    text: [
      `${zone}. 3600 IN SOA ${nameServers[0]}. hostmaster.${zone}. 1 3600 600 86400 300`,
      ...nameServers.map((host) => `${zone}. 3600 IN NS ${host}.`),
      `ssh.${zone}. 300 IN SSHFP 4 2 ${'ab'.repeat(32)}`,
      `odd.${zone}. 300 IN TYPE65280 \\# 2 0001`,
      ...sets.flatMap((set) => (recordsOfSet(set) ?? assert.fail('no set')).map(recordText)),
      '',
    ].join('\n'),
  };
}

export type UpdatedServer = 'BIND' | 'Knot';

export function startUpdatable(kind: UpdatedServer, zone: ZoneFile): Promise<NameServer> {
  const keys = [updateKey, otherKey];
  if (kind === 'BIND') {
    const statements = keys.map((key) => `key "${key.name}" { algorithm ${key.algorithm}; secret "${key.secret}"; };`);
    const list = keys.map(({ name }) => `key "${name}";`).join(' ');
    const perZone = `allow-update { ${list} }; allow-transfer { ${list} };`;
    return startNamed([zone], { statements: statements.join('\n'), perZone });
  }
  const sections = [
    'key:',
    ...keys.flatMap((key) => [`  - id: ${key.name}`, `    algorithm: ${key.algorithm}`, `    secret: ${key.secret}`]),
    'acl:',
    '  - id: editors',
    `    key: [${keys.map(({ name }) => name).join(', ')}]`,
    '    action: [transfer, update]',
  ];
  return startKnot([zone], { sections: sections.join('\n'), perZone: 'acl: editors' });
}

/** The key as dig and nsupdate want it. */
function keyWord({ name, algorithm, secret }: UpdateKey): string {
  return `${algorithm}:${name}:${secret}`;
}

/** Somebody else puts this set in the place of what is there; without values it goes. */
export async function updateByNsupdate(at: Endpoint, one: RecordSet, key: UpdateKey = otherKey): Promise<void> {
  const lines = [
    `server ${at.address} ${at.port}`,
    `zone ${contractZone}`,
    `update delete ${one.name}. ${one.type}`,
    ...(recordsOfSet(one) ?? []).map(
      ({ data }) => `update add ${one.name}. ${one.ttl} IN ${one.type} ${dataText(data)}`,
    ),
    'send',
  ];
  const ran = await run('nsupdate', ['-v', '-y', keyWord(key)], { input: `${lines.join('\n')}\n` });
  assert.equal(ran.code, 0, ran.out + ran.err);
}

/** What the zone holds of types that an editor does not show, by a transfer to dig; the SOA without its serial. */
export async function foreignByDig(at: Endpoint, key: UpdateKey | 'no key' = otherKey): Promise<readonly string[]> {
  const proof = key === 'no key' ? [] : ['-y', keyWord(key)];
  const options = ['+noall', '+answer', '+onesoa', '+nosplit', ...proof];
  const { out } = await run('dig', [`@${at.address}`, '-p', String(at.port), contractZone, 'AXFR', ...options]);
  const lines = out.split('\n').map((line) => line.trim().split(/\s+/));
  const kept = lines.filter(([, , , type]) => type !== undefined && !isValueType(type) && type !== 'TSIG');
  assert.ok(kept.length >= 3, out);
  return kept.map((words) => (words[3] === 'SOA' ? words.toSpliced(6, 1) : words).join(' ')).sort();
}
