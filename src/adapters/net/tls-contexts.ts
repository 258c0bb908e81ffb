/**
 * Keeps what OpenSSL prepares from keys and trust anchors: one context per identity object, one per list of extra anchors.
 * A shared context saves 15 to 35 % of a handshake and lets clients resume their sessions. State of one `Net`, never global.
 */
import { constants } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Fault } from '../../base/outcome.ts';
import type { TlsIdentity } from '../../base/port/net.ts';

/** RFC 8996 §4, §5: neither TLS 1.0 nor 1.1. */
const minVersion = 'TLSv1.2';
/** No renegotiation: a TLS 1.2 client could make us compute handshakes without end. */
const secureOptions = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION;

export type TlsContexts = {
  readonly ofServer: (identity: TlsIdentity) => SecureContext;
  readonly ofClient: (trust: readonly string[] | undefined) => SecureContext;
};

export function createTlsContexts(): TlsContexts {
  const servers = new WeakMap<TlsIdentity, SecureContext>();
  const clients = new WeakMap<readonly string[], SecureContext>();
  const systemTrustOnly: readonly string[] = [];
  return {
    ofServer: (identity) => {
      const known = servers.get(identity);
      if (known) return known;
      const made = prepare(identity);
      servers.set(identity, made);
      return made;
    },
    ofClient: (trust) => {
      const anchors = trust ?? systemTrustOnly;
      const known = clients.get(anchors);
      if (known) return known;
      const ca = anchors.length > 0 ? { ca: [...getCACertificates('default'), ...anchors] } : {};
      const made = createSecureContext({ ...ca, minVersion, secureOptions });
      clients.set(anchors, made);
      return made;
    },
  };
}

/** A certificate that OpenSSL cannot read is the operator's trouble, not a mistake of ours. */
function prepare(identity: TlsIdentity): SecureContext {
  try {
    return createSecureContext({
      cert: identity.certificatePem,
      key: identity.privateKeyPem,
      minVersion,
      secureOptions,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Fault('TLS_IDENTITY', `the certificate or its key cannot be used: ${why}`, { cause: error });
  }
}
