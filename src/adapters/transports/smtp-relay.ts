/**
 * The transport through one fixed host that passes our mail on (a provider's submission server). With a login the certificate
 * has to be valid: a password is never said to a host that is not proven to be the one meant.
 */
import { type ClientPatience, defaultPatience } from '../../protocol/smtp/client-stages.ts';
import type { ClientOptions, Login } from '../../protocol/smtp/client-state.ts';
import { opportunistic, type TlsDemand } from '../../protocol/smtp/client-tls.ts';
import type { Transport, TransportKeeps } from '../../services/outbound/transport.ts';
import { poolLimits, type TransportPorts } from './direct-mx.ts';
import { fixedWay } from './find-way.ts';
import { HandOver } from './hand-over.ts';
import { LinkPool, type PoolLimits } from './link-pool.ts';

export type SmtpRelayOptions = {
  readonly host: string;
  readonly port: number;
  readonly ehloName: string;
  /** `implicit`: from the first octet (port 465); `starttls`: before the login (port 587); `when-offered` only without a login. */
  readonly tls: 'implicit' | 'starttls' | 'when-offered';
  readonly login?: Login;
  readonly trust?: readonly string[];
  readonly source?: { readonly address4?: string; readonly address6?: string };
  /** What the relay leaves as it is; a plain one leaves everything. */
  readonly keeps?: TransportKeeps;
  /** BDAT where it is offered, unless `never`. RFC 3030 */
  readonly chunking?: ClientOptions['chunking'];
  readonly patience?: ClientPatience;
  readonly pool?: Partial<PoolLimits>;
};

const keepsAll: TransportKeeps = { messageId: true, date: true, mailFrom: true, dkimSignature: true };

export function createSmtpRelay(ports: TransportPorts, options: SmtpRelayOptions): Transport {
  const { host, port, login } = options;
  const pool = new LinkPool(ports.timers, { ...poolLimits, ...options.pool });
  const demand: TlsDemand =
    login !== undefined || options.tls !== 'when-offered'
      ? { policy: 'validate', because: 'this is how the relay was set up' }
      : opportunistic;
  const rules = {
    ehloName: options.ehloName,
    source: options.source,
    allowPrivate: true,
    tlsPolicy: () => demand,
    implicitTls: options.tls === 'implicit',
    login,
    trust: options.trust,
    chunking: options.chunking ?? 'when-offered',
    patience: options.patience ?? defaultPatience,
    addressesMax: 20,
  };
  return {
    name: `relay ${host}`,
    keeps: options.keeps ?? keepsAll,
    deliver: (job, context) =>
      new HandOver({ ports, rules, pool }, job, context).run(async () => fixedWay({ host, port }, 'relay')),
    close: () => pool.close(),
  };
}
