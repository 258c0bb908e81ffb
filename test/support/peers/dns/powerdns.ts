/** PowerDNS with a database of its own, and a second hand in its zones: its own pdnsutil. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Endpoint } from '../../../../src/base/port/net.ts';
import { recordsOfSet, textOfValue } from '../../../../src/format/record-set.ts';
import { dataText } from '../../../../src/format/zone-file.ts';
import type { RecordSet } from '../../../../src/services/setup/types.ts';
import { run } from '../../sandbox-scene.ts';
import { ownPort } from '../own-ports.ts';
import { address, startDaemon } from './name-servers.ts';

export type PowerDns = AsyncDisposable & {
  readonly endpoint: Endpoint;
  /** `http://127.0.0.1:8081` */
  readonly url: string;
  readonly apiKey: string;
  /** Makes the zone anew: name servers, sets, and records of types that no plan holds. */
  readonly fill: (zone: string, nameServers: readonly string[], sets: readonly RecordSet[]) => Promise<void>;
  readonly replace: (zone: string, set: RecordSet) => Promise<void>;
  readonly call: (method: string, path: string, body?: unknown) => Promise<Response>;
};

const apiKey = 'of-no-use-outside';
const schema = '/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql';

export async function startPowerDns(): Promise<PowerDns> {
  const webPort = await ownPort();
  let home = '';
  const server = await startDaemon({
    program: 'pdns_server',
    args: (folder) => [`--config-dir=${folder}`, '--daemon=no', '--guardian=no', '--disable-syslog'],
    ready: /Done launching threads/,
    broken: /Fatal error|Unable to/i,
    files: (folder, port) => {
      home = folder;
      const database = new DatabaseSync(join(folder, 'zones.sqlite3'));
      database.exec(readFileSync(schema, 'utf8'));
      database.close();
      const settings = {
        launch: 'gsqlite3',
        'gsqlite3-database': join(folder, 'zones.sqlite3'),
        'local-address': address,
        'local-port': port,
        'socket-dir': folder,
        api: 'yes',
        'api-key': apiKey,
        webserver: 'yes',
        'webserver-address': address,
        'webserver-port': webPort,
        'allow-axfr-ips': '127.0.0.0/8',
        // What is changed shows at once.
        'cache-ttl': 0,
        'query-cache-ttl': 0,
        'negquery-cache-ttl': 0,
        'zone-cache-refresh-interval': 0,
      };
      return {
        'pdns.conf': `${Object.entries(settings)
          .map(([name, value]) => `${name}=${value}`)
          .join('\n')}\n`,
      };
    },
  });
  const url = `http://${address}:${webPort}`;
  const call = (method: string, path: string, body?: unknown) =>
    fetch(`${url}/api/v1/servers/localhost${path}`, {
      method,
      headers: { 'x-api-key': apiKey },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    endpoint: server.endpoint,
    url,
    apiKey,
    call,
    fill: async (zone, nameServers, sets) => {
      await call('DELETE', `/zones/${zone}.`);
      const foreign = [
        { name: `ssh.${zone}.`, type: 'SSHFP', ttl: 300, records: [{ content: `4 2 ${'ab'.repeat(32)}` }] },
        { name: `odd.${zone}.`, type: 'TYPE65280', ttl: 300, records: [{ content: '\\# 2 0001' }] },
      ];
      const made = await call('POST', '/zones', {
        name: `${zone}.`,
        kind: 'Native',
        nameservers: nameServers.map((host) => `${host}.`),
        rrsets: [...foreign, ...sets.map(rrsetOf)],
      });
      assert.equal(made.status, 201, await made.text());
    },
    replace: async (zone, set) => {
      const values = (recordsOfSet(set) ?? []).map(({ data }) => dataText(data));
      const words = values.length === 0 ? ['delete-rrset'] : ['replace-rrset'];
      const owner = set.name === zone ? '@' : set.name.slice(0, -zone.length - 1);
      const rest = values.length === 0 ? [] : [String(set.ttl), ...values];
      const ran = await run('pdnsutil', [`--config-dir=${home}`, ...words, zone, owner, set.type, ...rest]);
      assert.equal(ran.code, 0, ran.out + ran.err);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function rrsetOf({ name, type, ttl, values }: RecordSet) {
  return { name: `${name}.`, type, ttl, records: values.map((value) => ({ content: textOfValue(type, value) })) };
}
