/** The port to sockets: real ones in the office, mapped ones in the sandbox world, simulated ones in `test/sim`. */

export type Endpoint = { readonly address: string; readonly port: number };

/** A certificate with its key; the adapter prepares it once per object. */
export type TlsIdentity = { readonly certificatePem: string; readonly privateKeyPem: string };

export type TlsFacts = {
  /** `TLSv1.3` */
  readonly protocol: string;
  /** `TLS_AES_256_GCM_SHA384` */
  readonly cipher: string;
  /** Client side: whether the peer's certificate chain and name were valid; the reason when not. */
  readonly authorized: boolean;
  readonly authorizationError?: string;
  /** Server name asked for (SNI). */
  readonly serverName?: string;
  /** Client side, where it was asked for: the certificates as the peer sent them, DER, its own first. */
  readonly chain?: readonly Uint8Array[];
};

export type TlsClientOptions = {
  readonly serverName: string;
  /** False: go on with any certificate and only report (`authorized`). */
  readonly requireValid: boolean;
  /** The certificates are wanted in `TlsFacts`. */
  readonly wantChain?: boolean;
  /** Extra trust anchors (PEM), besides the system's. */
  readonly trust?: readonly string[];
  readonly signal?: AbortSignal;
};

/** One byte stream. Reads and writes throw a `Fault` with the system's code when the peer is gone. */
export interface Connection {
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly tls: TlsFacts | undefined;
  /** The next bytes, or undefined at the end. One read at a time. */
  read(): Promise<Uint8Array | undefined>;
  /** Resolves when the bytes were taken; slow when the peer reads slowly. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Bytes that arrived before this call and were not read are thrown away: they were sent in clear, by nobody knows whom.
   * Except with `handshakeSoFar` (TLS from the first octet behind a PROXY header): these octets, and what lies unread, are
   * the beginning of the handshake. After a failed handshake the connection is destroyed.
   */
  startTlsAsServer(identity: TlsIdentity, signal?: AbortSignal, handshakeSoFar?: Uint8Array): Promise<TlsFacts>;
  startTlsAsClient(options: TlsClientOptions): Promise<TlsFacts>;
  /** Sends what is left, then closes. */
  end(): Promise<void>;
  /** Closes at once; a pending read answers undefined or throws. */
  destroy(): void;
}

export interface Listening {
  readonly endpoint: Endpoint;
  /** Stops accepting; open connections go on. */
  close(): Promise<void>;
}

export interface Datagrams {
  readonly endpoint: Endpoint;
  send(bytes: Uint8Array, to: Endpoint): void;
  close(): Promise<void>;
}

export type DialOptions = { readonly signal?: AbortSignal; readonly localAddress?: string };

/** `peer`: whom alone it speaks with; to all others the port is shut. */
export type DatagramOptions = { readonly peer?: Endpoint };

export interface Net {
  /** Throws a `Fault` (`EADDRINUSE`, `EACCES`) when the address cannot be had. */
  listen(at: Endpoint, onConnection: (connection: Connection) => void): Promise<Listening>;
  /** Throws a `Fault` (`ECONNREFUSED`, `ETIMEDOUT`, ...). */
  dial(to: Endpoint, options?: DialOptions): Promise<Connection>;
  openDatagrams(
    at: Endpoint,
    onDatagram: (bytes: Uint8Array, from: Endpoint) => void,
    options?: DatagramOptions,
  ): Promise<Datagrams>;
}
