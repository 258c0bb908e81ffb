/** Exim, unpacked and run in a root folder of its own: configuration, spool and log lie in there. It asks no DNS. */
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import { ForeignProcess } from './foreign-process.ts';
import { makeOwnRoot, notUnpacked, userIdIn } from './own-root.ts';
import { domainsOf, type Peer, type PeerWish, recipientsMax, sizeMaxBytes } from './peer.ts';
import { officeDomains, relayAddress } from './peer-office.ts';
import { notRoot, peersMissing, textIn } from './wanted.ts';

const unpacked = 'exim4-daemon-light';
const program = 'usr/sbin/exim4';
const domain = 'exim.example.org';
const users = ['Debian-exim'];

export const exim = { domain, host: `mx.${domain}`, start: startExim } as const;

export function eximMissing(): false | string {
  return peersMissing(notRoot, notUnpacked(unpacked, program));
}

async function startExim(wish: PeerWish): Promise<Peer> {
  const path = join(wish.folder, 'exim');
  const root = makeOwnRoot(path, {
    package: unpacked,
    programs: [program],
    users,
    folders: ['var/spool/exim', 'etc/exim4'],
  });
  const owner = userIdIn(users, 'Debian-exim');
  const put = (name: string, text: string) => {
    writeFileSync(join(path, name), text, { mode: 0o640 });
    chownSync(join(path, name), 0, owner);
  };
  for (const folder of ['var/spool/exim', 'var/log', 'run']) chownSync(join(path, folder), owner, owner);
  put('cert.pem', wish.identity.certificatePem);
  put('key.pem', wish.identity.privateKeyPem);
  put('authority.pem', readFileSync(wish.authorityFile, 'utf8'));
  put('greylist', '');
  put('etc/exim4/exim4.conf', configuration(wish));
  const [command, args] = root.command(program);
  const running = await ForeignProcess.start(command, [...args, '-bdf', '-q1s']);
  const logOf = (name: string) => textIn(join(path, `var/log/${name}log`));
  try {
    for (const port of Object.values(wish.ports)) await running.greets(port);
  } catch (error) {
    await running.stop();
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${logOf('panic')}${logOf('main')}`);
  }
  return {
    name: 'Exim',
    host: exim.host,
    domains: domainsOf(domain),
    ports: wish.ports,
    greylist: (locals) => put('greylist', locals.join(':')),
    log: () => logOf('panic') + logOf('main') + logOf('reject'),
    stop: () => running.stop(),
  };
}

function configuration({ ports, letterBox, officePlain, officeTls }: PeerWish): string {
  const own = Object.values(domainsOf(domain));
  const names = [...new Set(own.flatMap((name) => [name, domainToASCII(name)]))].join(' : ');
  const overTls = `${officeDomains.tls} : bounce.${officeDomains.tls}`;
  return `primary_hostname = mx.${domain}
local_interfaces = <; ${Object.values(ports)
    .map((port) => `127.0.0.1.${port}`)
    .join(' ; ')}
daemon_smtp_ports = ${ports.plain}
spool_directory = /var/spool/exim
log_file_path = /var/log/%slog
pid_file_path = /run/exim.pid
log_selector = +smtp_protocol_error +tls_certificate_verified +pipelining +8bitmime +received_recipients
keep_environment =
never_users =
host_lookup =
rfc1413_query_timeout = 0s
dns_ipv4_lookup = *
disable_ipv6 = true
tls_certificate = /cert.pem
tls_privatekey = /key.pem
tls_advertise_hosts = \${if eq{$received_port}{${ports.tls}}{*}}
pipelining_advertise_hosts = *
chunking_advertise_hosts = *
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
message_size_limit = \${if eq{$received_port}{${ports.plain}}{${sizeMaxBytes}}{40M}}
recipients_max = 5000
smtp_accept_max = 100
smtp_accept_queue_per_connection = 0
smtp_accept_max_per_connection = 1000
bounce_return_size_limit = 10K
remote_max_parallel = 5
acl_smtp_mail = acl_mail
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
acl_smtp_predata = acl_data
acl_not_smtp = acl_data

begin acl
acl_mail:
  deny condition = \${if and{{eq{$received_port}{${ports.tls}}}{!def:tls_in_cipher}}}
       message = 530 5.7.0 STARTTLS first
  accept
acl_rcpt:
  accept condition = \${if eq{$received_port}{${ports.injection}}}
  defer condition = \${if inlist{$local_part}{\${readfile{/greylist}{}}}}
        message = 450 4.7.1 Greylisted, come again
  defer condition = \${if >{$rcpt_count}{${recipientsMax}}}
        message = 452 4.5.3 Too many recipients
  accept domains = ${names}
  deny message = 550 5.7.1 Relay access denied
acl_data:
  accept

begin routers
box:
  driver = manualroute
  domains = ${names}
  route_list = * 127.0.0.1
  self = send
  transport = box
relayed:
  driver = manualroute
  domains = ${officeDomains.relay}
  route_list = * 127.0.0.1
  self = send
  transport = relayed
proven:
  driver = manualroute
  domains = ${overTls}
  route_list = * 127.0.0.1
  self = send
  transport = proven
office:
  driver = manualroute
  domains = *
  route_list = * 127.0.0.1
  self = send
  transport = office

begin transports
${transport('box', { port: letterBox, more: ['protocol = lmtp', 'hosts_avoid_tls = *', 'max_rcpt = 2000'] })}
${transport('office', { port: officePlain, more: ['hosts_avoid_tls = *', 'max_rcpt = 2000'] })}
${transport('proven', {
  port: officeTls,
  more: ['hosts_require_tls = *', 'tls_verify_hosts = *', 'tls_verify_certificates = /authority.pem'],
})}
${transport('relayed', { port: officePlain, more: ['hosts_avoid_tls = *', `interface = ${relayAddress}`] })}

begin retry
* * F,1h,1s
`;
}

/** Certificates are proven, their names not: towards an address there is none. */
function transport(name: string, wish: { readonly port: number; readonly more: readonly string[] }): string {
  const lines = [
    'driver = smtp',
    `port = ${wish.port}`,
    'allow_localhost',
    'hosts_try_dane =',
    'hosts_request_ocsp =',
    'tls_verify_cert_hostnames =',
    'hosts_try_chunking = *',
    'message_linelength_limit = 1000000',
    'connection_max_messages = 100',
    ...wish.more,
  ];
  return `${name}:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}
