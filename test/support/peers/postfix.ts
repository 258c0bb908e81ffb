/**
 * Postfix as an ordinary set of processes with configuration, queue and data in a temporary folder. What the system has of its own
 * (`/etc/postfix`, `/var/spool/postfix`) is neither read nor written; no DNS is asked.
 */
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import { ForeignProcess } from './foreign-process.ts';
import { domainsOf, type Peer, type PeerWish, recipientsMax, sizeMaxBytes } from './peer.ts';
import { officeDomains, officeHost, relayAddress } from './peer-office.ts';
import { startPolicyServer } from './policy-server.ts';
import { isProgram, type Need, notRoot, peersMissing, textIn } from './wanted.ts';

const master = '/usr/lib/postfix/sbin/master';
const domain = 'postfix.example.net';

export const postfix = { domain, host: `mx.${domain}`, start: startPostfix } as const;

export function postfixMissing(...others: readonly Need[]): false | string {
  return peersMissing(notRoot, () => (isProgram(master) ? false : 'Postfix is not installed'), ...others);
}

const queueFolders = [
  'active',
  'bounce',
  'corrupt',
  'defer',
  'deferred',
  'flush',
  'hold',
  'incoming',
  'maildrop',
  'private',
  'public',
  'saved',
  'trace',
] as const;

async function startPostfix(wish: PeerWish): Promise<Peer> {
  const home = join(wish.folder, 'postfix');
  const etc = join(home, 'etc');
  const logFile = join(home, 'mail.log');
  makeFolders(home);
  copyFileSync('/usr/share/postfix/makedefs.out', join(etc, 'makedefs.out'));
  writeFileSync(join(etc, 'dynamicmaps.cf'), '');
  writeFileSync(join(home, 'cert.pem'), wish.identity.certificatePem);
  writeFileSync(join(home, 'key.pem'), wish.identity.privateKeyPem, { mode: 0o600 });
  const domains = domainsOf(domain);
  writeFileSync(join(etc, 'transport'), transports(wish).join(''));
  writeFileSync(join(etc, 'main.cf'), mainCf(home, wish, Object.values(domains)));
  const policy = await startPolicyServer();
  writeFileSync(join(etc, 'master.cf'), masterCf(wish, policy.port));
  const running = await ForeignProcess.start(master, ['-d', '-c', etc], { environment: { MAIL_CONFIG: etc } });
  const log = () => textIn(logFile);
  try {
    for (const port of Object.values(wish.ports)) await running.greets(port);
  } catch (error) {
    await running.stop();
    await policy.close();
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${log().slice(-2_000)}`);
  }
  return {
    name: 'Postfix',
    host: postfix.host,
    domains,
    ports: wish.ports,
    greylist: (locals) => {
      policy.putOff.clear();
      for (const local of locals) policy.putOff.add(local);
    },
    log,
    stop: async () => {
      await running.stop();
      await policy.close();
    },
  };
}

function makeFolders(home: string): void {
  const owner = idIn('/etc/passwd', 'postfix');
  const drop = idIn('/etc/group', 'postdrop');
  for (const folder of ['', 'etc', 'data', 'queue']) mkdirSync(join(home, folder), { recursive: true, mode: 0o755 });
  chownSync(join(home, 'data'), owner, 0);
  mkdirSync(join(home, 'queue', 'pid'));
  for (const folder of queueFolders) {
    const path = join(home, 'queue', folder);
    mkdirSync(path, { mode: 0o700 });
    const isShared = folder === 'public' || folder === 'maildrop';
    chownSync(path, owner, isShared ? drop : 0);
    if (isShared) chmodSync(path, folder === 'public' ? 0o710 : 0o730);
  }
}

function idIn(file: string, name: string): number {
  const id = new RegExp(`^${name}:[^:]*:(\\d+)`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
  if (id === undefined) throw new Error(`${file} knows no ${name}`);
  return Number(id);
}

function transports({ officePlain, officeTls }: PeerWish): string[] {
  const international = domainToASCII(officeDomains.international);
  return [
    ...[officeDomains.plain, `bounce.${officeDomains.plain}`, officeDomains.international, international].map(
      (name) => `${name} smtp:[127.0.0.1]:${officePlain}\n`,
    ),
    `${officeDomains.tls} provensmtp:[127.0.0.1]:${officeTls}\n`,
    `bounce.${officeDomains.tls} provensmtp:[127.0.0.1]:${officeTls}\n`,
    `${officeDomains.relay} relaysmtp:[127.0.0.1]:${officePlain}\n`,
  ];
}

function mainCf(home: string, wish: PeerWish, own: readonly string[]): string {
  const names = [...new Set(own.flatMap((name) => [name, domainToASCII(name)]))];
  const settings = {
    compatibility_level: '3.6',
    queue_directory: join(home, 'queue'),
    data_directory: join(home, 'data'),
    command_directory: '/usr/sbin',
    daemon_directory: '/usr/lib/postfix/sbin',
    mail_owner: 'postfix',
    setgid_group: 'postdrop',
    maillog_file: join(home, 'mail.log'),
    maillog_file_prefixes: home,
    myhostname: postfix.host,
    mydestination: '',
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    mynetworks: '127.0.0.0/8',
    local_header_rewrite_clients: '',
    local_recipient_maps: '',
    alias_maps: '',
    alias_database: '',
    biff: 'no',
    append_dot_mydomain: 'no',
    smtp_dns_support_level: 'disabled',
    smtpd_peername_lookup: 'no',
    virtual_mailbox_domains: names.join(' '),
    virtual_mailbox_maps: 'static:all',
    virtual_transport: `lmtp:inet:127.0.0.1:${wish.letterBox}`,
    lmtp_destination_recipient_limit: 2_000,
    lmtp_line_length_limit: 0,
    smtp_line_length_limit: 0,
    smtp_destination_recipient_limit: 2_000,
    transport_maps: `texthash:${join(home, 'etc', 'transport')}`,
    message_size_limit: 40_000_000,
    mailbox_size_limit: 0,
    virtual_mailbox_limit: 0,
    smtputf8_enable: 'yes',
    bounce_size_limit: 10_000,
    // Its usual waits are minutes.
    minimal_backoff_time: '1s',
    maximal_backoff_time: '1s',
    queue_run_delay: '1s',
    in_flow_delay: 0,
    smtpd_client_connection_count_limit: 0,
    smtpd_tls_cert_file: join(home, 'cert.pem'),
    smtpd_tls_key_file: join(home, 'key.pem'),
    smtpd_tls_loglevel: 1,
    smtp_tls_loglevel: 1,
    smtp_tls_CAfile: wish.authorityFile,
    smtpd_discard_ehlo_keywords: '',
    milter_default_action: 'tempfail',
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

function masterCf({ ports, milter }: PeerWish, policyPort: number): string {
  const outside = [
    'smtpd_relay_restrictions=reject_unauth_destination',
    `smtpd_recipient_limit=${recipientsMax}`,
    `smtpd_recipient_restrictions=check_policy_service,inet:127.0.0.1:${policyPort}`,
    ...(milter === undefined ? [] : [`smtpd_milters=${milter}`]),
  ];
  const listener = (port: number, options: readonly string[]) =>
    `127.0.0.1:${port} inet n - n - - smtpd${options.map((option) => `\n  -o ${option}`).join('')}`;
  const lines = [
    'postlog unix-dgram n - n - 1 postlogd',
    listener(ports.injection, ['smtpd_tls_security_level=none', 'smtpd_recipient_limit=5000']),
    listener(ports.plain, ['smtpd_tls_security_level=none', `message_size_limit=${sizeMaxBytes}`, ...outside]),
    listener(ports.tls, ['smtpd_tls_security_level=encrypt', ...outside]),
    'pickup unix n - n 60 1 pickup',
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 1 1 qmgr',
    'tlsmgr unix - - n 1000? 1 tlsmgr',
    'rewrite unix - - n - - trivial-rewrite',
    'bounce unix - - n - 0 bounce',
    'defer unix - - n - 0 bounce',
    'trace unix - - n - 0 bounce',
    'verify unix - - n - 1 verify',
    'flush unix n - n 1000? 0 flush',
    'proxymap unix - - n - - proxymap',
    'smtp unix - - n - - smtp\n  -o smtp_tls_security_level=none',
    `provensmtp unix - - n - - smtp\n  -o smtp_tls_security_level=secure\n  -o smtp_tls_secure_cert_match=${officeHost}`,
    `relaysmtp unix - - n - - smtp\n  -o smtp_tls_security_level=none\n  -o smtp_bind_address=${relayAddress}`,
    'error unix - - n - - error',
    'retry unix - - n - - error',
    'discard unix - - n - - discard',
    'lmtp unix - - n - - lmtp',
    'anvil unix - - n - 1 anvil',
    'scache unix - - n - 1 scache',
  ];
  return `${lines.join('\n')}\n`;
}
