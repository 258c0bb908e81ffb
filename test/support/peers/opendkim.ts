/** OpenDKIM as a milter that verifies: it writes what it thinks of a signature into what Postfix takes in. Its DNS is a file. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import { domain } from '../temp-office.ts';
import { ForeignProcess } from './foreign-process.ts';
import { officeDomains, type PeerOffice } from './peer-office.ts';
import { postfix } from './postfix.ts';
import { noProgram, programPath } from './wanted.ts';

export const noOpenDkim = noProgram('opendkim');

export async function startOpenDkim({
  office,
  folder,
}: PeerOffice): Promise<{ readonly address: string; readonly close: () => Promise<void> }> {
  const home = join(folder, 'opendkim');
  mkdirSync(home, { mode: 0o755 });
  const keys: string[] = [];
  for (const name of Object.values(officeDomains)) {
    for (const { selector, publicRecord } of await office.directory.keysOf(domain(name)))
      keys.push(`${selector}._domainkey.${domainToASCII(name)} ${publicRecord}\n`);
  }
  writeFileSync(join(home, 'keys'), keys.join(''));
  const socket = join(home, 'socket');
  const settings = {
    Mode: 'v',
    Socket: `local:${socket}`,
    UMask: '000',
    Syslog: 'no',
    Background: 'no',
    AutoRestart: 'no',
    AuthservID: postfix.host,
    InternalHosts: '192.0.2.1', // nobody here: who is internal is not verified
    AlwaysAddARHeader: 'yes',
    TestPublicKeys: join(home, 'keys'),
  };
  const file = join(home, 'opendkim.conf');
  writeFileSync(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(''),
  );
  const running = await ForeignProcess.start(programPath('opendkim') ?? 'opendkim', ['-x', file]);
  await running.shows('its socket', () => existsSync(socket));
  return { address: `unix:${socket}`, close: () => running.stop() };
}
