/**
 * OpenSMTPD, unpacked and run in a root folder of its own: its spool, its socket and its users are compiled in, and in there they are
 * nobody's but its own. It asks no DNS.
 */
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import { ForeignProcess } from './foreign-process.ts';
import { makeOwnRoot, notUnpacked, userIdIn } from './own-root.ts';
import { domainsOf, type Peer, type PeerWish } from './peer.ts';
import { officeDomains } from './peer-office.ts';
import { notRoot, peersMissing } from './wanted.ts';

const unpacked = 'opensmtpd';
const program = 'usr/sbin/smtpd';
const domain = 'opensmtpd.example.org';
const users = ['opensmtpd', 'opensmtpq'];

export const opensmtpd = { domain, host: `mx.${domain}`, start: startOpenSmtpd } as const;

export function opensmtpdMissing(): false | string {
  return peersMissing(notRoot, notUnpacked(unpacked, program));
}

async function startOpenSmtpd(wish: PeerWish): Promise<Peer> {
  const path = join(wish.folder, 'opensmtpd');
  const folders = ['var/run', 'var/lib/opensmtpd/empty', 'var/spool/smtpd', 'etc/ssl/certs'];
  const root = makeOwnRoot(path, { package: unpacked, programs: [program, 'usr/sbin/smtpctl'], users, folders });
  makeSpool(join(path, 'var/spool/smtpd'));
  const put = (name: string, text: string) => writeFileSync(join(path, name), text, { mode: 0o600 });
  writeFileSync(join(path, 'etc/ssl/certs/ca-certificates.crt'), readFileSync(wish.authorityFile));
  put('etc/mailname', `${opensmtpd.host}\n`);
  put('etc/smtpd.conf', configuration(wish));
  const [command, args] = root.command(program);
  const running = await ForeignProcess.start(command, [...args, '-d', '-v', '-f', '/etc/smtpd.conf']);
  try {
    for (const port of Object.values(wish.ports)) await running.greets(port);
  } catch (error) {
    await running.stop();
    throw error;
  }
  return {
    name: 'OpenSMTPD',
    host: opensmtpd.host,
    domains: domainsOf(domain),
    ports: wish.ports,
    greylist: () => {
      throw new Error('OpenSMTPD puts nobody off');
    },
    log: () => running.words,
    stop: () => running.stop(),
  };
}

function makeSpool(spool: string): void {
  const queue = userIdIn(users, 'opensmtpq');
  chmodSync(spool, 0o711);
  for (const [name, mode, owner, group] of [
    ['offline', 0o770, 0, queue],
    ['purge', 0o700, queue, 0],
    ['temporary', 0o700, queue, 0],
    ['incoming', 0o700, queue, 0],
    ['queue', 0o700, queue, 0],
    ['corrupt', 0o700, queue, 0],
  ] as const) {
    mkdirSync(join(spool, name));
    chownSync(join(spool, name), owner, group);
    chmodSync(join(spool, name), mode);
  }
}

function configuration({ ports, letterBox, officePlain, officeTls }: PeerWish): string {
  const own = Object.values(domainsOf(domain)).map((name) => `"${domainToASCII(name)}"`);
  const proven = [officeDomains.tls, `bounce.${officeDomains.tls}`].map((name) => `"${name}"`);
  return `smtp max-message-size "40M"
smtp limit max-rcpt 5000
queue ttl 1h
listen on 127.0.0.1 port ${ports.injection}
listen on 127.0.0.1 port ${ports.plain} tag OUTSIDE
listen on 127.0.0.1 port ${ports.tls} tag OUTSIDE
action "box" relay host "lmtp://127.0.0.1:${letterBox}"
action "office" relay host "smtp+notls://127.0.0.1:${officePlain}"
action "proven" relay host "smtp+tls://127.0.0.1:${officeTls}"
match from any for domain { ${own.join(', ')} } action "box"
match tag OUTSIDE from any for any reject
match from any for domain { ${proven.join(', ')} } action "proven"
match from any for any action "office"
`;
}
