/** rspamd and SpamAssassin's daemon, each with a configuration of its own on loopback. Neither asks any name server. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ForeignProcess } from './foreign-process.ts';
import { ownPorts } from './own-ports.ts';
import { programPath } from './wanted.ts';

export type SpamFilter = AsyncDisposable & { readonly port: number };

const patienceMs = 45_000;

/** With Debian's rules, and without the modules that look anything up. */
export async function startRspamd(): Promise<SpamFilter> {
  const [port = 0, controller = 0, nobody = 0] = await ownPorts(3);
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-rspamd-'));
  const local = join(folder, 'local.d');
  mkdirSync(local);
  const off = [
    'hfilter',
    'once_received',
    'rbl',
    'asn',
    'phishing',
    'mx_check',
    'url_redirector',
    'reputation',
    'neural',
    'greylist',
    'ratelimit',
  ];
  const files: Readonly<Record<string, string>> = {
    'options.inc': `filters = "chartable,regexp";\ndns { nameserver = ["127.0.0.1:${nobody}"]; timeout = 0.1s; retransmits = 1; }\n`,
    'worker-normal.inc': `bind_socket = "127.0.0.1:${port}";\ncount = 1;\n`,
    'worker-controller.inc': `bind_socket = "127.0.0.1:${controller}";\n`,
    'worker-proxy.inc': 'enabled = false;\n',
    'worker-fuzzy.inc': 'enabled = false;\n',
    'logging.inc': 'type = "console";\nlevel = "warning";\n',
    ...Object.fromEntries(off.map((name) => [`${name}.conf`, 'enabled = false;\n'])),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(local, name), text);
  const vars = [`LOCAL_CONFDIR=${folder}`, `DBDIR=${folder}`, `RUNDIR=${folder}`, `LOGDIR=${folder}`];
  const args = ['-f', '-i', '-c', '/etc/rspamd/rspamd.conf', ...vars.map((one) => `--var=${one}`)];
  return serving('rspamd', args, port, folder);
}

/** `-L`: local tests only. */
export async function startSpamd(): Promise<SpamFilter> {
  const [port = 0] = await ownPorts(1);
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-spamd-'));
  const args = ['-L', '-i', '127.0.0.1', '-p', `${port}`, '-m', '1', '-x', '-u', 'nobody', '-s', 'stderr'];
  return serving(
    'spamd',
    [...args, '--cf=dns_available no', '--cf=use_bayes 0', '-r', join(folder, 'pid')],
    port,
    folder,
  );
}

async function serving(program: string, args: readonly string[], port: number, folder: string): Promise<SpamFilter> {
  const foreign = await ForeignProcess.start(programPath(program) ?? program, args, { folder });
  const stop = async () => {
    await foreign.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const endMs = performance.now() + patienceMs; !(await answers(port)); await sleep(50))
      if (performance.now() > endMs) throw new Error(`${program} does not serve: ${foreign.words}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, [Symbol.asyncDispose]: stop };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}
