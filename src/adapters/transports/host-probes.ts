/** The doctor's ways to look at mail hosts: each dialled once per wish, all of it within a bounded time. */
import { asBuffer } from '../../base/bytes.ts';
import type { TlsFacts } from '../../base/port/net.ts';
import type { HostProbe, Probes, ProbeWish } from '../../services/advice/doctor/types.ts';
import type { TransportPorts } from './direct-mx.ts';
import { connectMs, dialHost, type HostSight, probeHost } from './probe-host.ts';

export type HostProbeOptions = {
  /** What we call ourselves. */
  readonly ehloName: string;
  /** Hosts on loopback and in private networks too: for a person at the keyboard, and tests. */
  readonly allowPrivate: boolean;
  readonly port?: number;
  /** PEM of certificate authorities besides the system's. */
  readonly trust?: readonly string[];
  readonly signal: AbortSignal;
};

const smtpPort = 25;
/** For all that is asked of one host, its silent addresses included. */
const hostMs = 45_000;
/** Certificates of a chain that are kept; longer ones are not seen in the wild. (As in protocol/dane.) */
const chainMax = 20;

export function createHostProbes(
  ports: TransportPorts,
  options: HostProbeOptions,
): Required<Pick<Probes, 'mailHost' | 'port25'>> {
  const { port = smtpPort, allowPrivate } = options;
  return {
    mailHost: (wish) =>
      inTime(ports, options, hostMs, async (signal) => {
        const recipients = (wish.recipients ?? []).map((local) => `${local}@${wish.domain}`);
        return shownBy(wish, await probeHost(ports, { ...options, port, host: wish.host, recipients, signal }));
      }),
    port25: (host) =>
      inTime(ports, options, 2 * connectMs, async (signal) => {
        const dialled = await dialHost(ports, { host, port, allowPrivate, signal });
        if ('kind' in dialled) return dialled.code !== undefined && silent.test(dialled.code) ? 'blocked' : 'unknown';
        dialled.connection.destroy();
        return 'open';
      }),
  };
}

/** What a network does that lets nothing out; a host that refuses is another matter. */
const silent = /^(ETIMEDOUT|EHOSTUNREACH|EACCES|EPERM)$/;

async function inTime<T>(
  { timers }: TransportPorts,
  { signal }: HostProbeOptions,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const cancel = timers.after(ms, () => late.abort(new DOMException('the host took too long', 'TimeoutError')));
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } finally {
    cancel();
  }
}

function shownBy({ recipients = [] }: ProbeWish, sight: HostSight): HostProbe {
  if (sight.kind === 'failed') return { kind: 'failed', why: sight.why };
  const { tls, replies, ...plain } = sight;
  const answered = recipients.flatMap((local, at) => {
    const reply = replies[at];
    return reply === undefined ? [] : [[local, reply] as const];
  });
  return { ...plain, ...(tls && { tls: shownTls(tls) }), accepts: Object.fromEntries(answered) };
}

function shownTls({ protocol, cipher, chain = [], authorized, authorizationError }: TlsFacts) {
  const problem = authorized ? undefined : (authorizationError ?? 'not valid');
  return {
    protocol,
    cipher,
    chain: chain.slice(0, chainMax).map((der) => asBuffer(der).toString('base64')),
    ...(problem === undefined ? {} : { certificateProblem: problem }),
  };
}
