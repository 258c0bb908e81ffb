/** What every foreign mail server of the scenarios has in common, whatever it is made of. */
import type { TlsIdentity } from '../../../src/base/port/net.ts';

/** Domains for which a peer takes mail in, below its own. */
export type PeerDomains = { readonly plain: string; readonly tls: string; readonly international: string };

type PeerPorts = {
  /** For the test's own client: everything is taken and sent on its way. */
  readonly injection: number;
  /** Like port 25, without TLS, so that it can be overheard; up to `recipientsMax` recipients and `sizeMaxBytes`. */
  readonly plain: number;
  /** Like port 25, and MAIL is taken only over TLS. */
  readonly tls: number;
};

export type PeerWish = {
  readonly folder: string;
  /** Where it delivers. */
  readonly letterBox: number;
  /** Our MX, in the clear: a wire tap. */
  readonly officePlain: number;
  /** Our MX, over TLS that has to be proven. */
  readonly officeTls: number;
  readonly authorityFile: string;
  readonly identity: TlsIdentity;
  readonly ports: PeerPorts;
  /** A milter that sees what comes in from outside. */
  readonly milter?: string;
};

export type Peer = {
  readonly name: string;
  readonly host: string;
  readonly domains: PeerDomains;
  readonly ports: PeerPorts;
  /** From now on recipients with these local parts are put off with 450, all others are not. */
  readonly greylist: (locals: readonly string[]) => void;
  /** Its log so far. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
};

/** What a peer takes at its plain port: fewer and less than we would send. */
export const recipientsMax = 60;
export const sizeMaxBytes = 26_000_000;

export function domainsOf(domain: string): PeerDomains {
  return { plain: domain, tls: `tls.${domain}`, international: `grüße.${domain}` };
}
