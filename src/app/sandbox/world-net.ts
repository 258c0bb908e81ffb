/**
 * The network of the sandbox world: every host has a public-looking address of the documentation ranges, and all traffic stays in
 * this process on loopback. A host dials `198.51.100.20:25` and reaches the loopback listener that stands for it, which learns the
 * caller's address from a PROXY header. There is no way out: an address that is nobody's refuses the connection.
 */
import { Fault } from '../../base/outcome.ts';
import type { Connection, Endpoint, Net } from '../../base/port/net.ts';
import { writeProxyHeader } from '../../protocol/smtp/proxy-v2.ts';

/** `address:port` in the world -> where its listener really is. Filled while the world is built. */
export type WorldMap = Map<string, Endpoint>;

/** Ephemeral ports are counted, so that a transcript names them plausibly. */
const firstClientPort = 49_152;

/** The network as the host at `address` sees it. Listening is real; only dialling is mapped. */
export function createWorldNet(real: Net, map: WorldMap, address: string): Net {
  let clientPort = firstClientPort;
  return {
    listen: (at, onConnection) => real.listen(at, onConnection),
    openDatagrams: (at, onDatagram, options) => real.openDatagrams(at, onDatagram, options),
    dial: async (to, options) => {
      const place = map.get(`${to.address}:${to.port}`);
      if (!place) throw new Fault('ECONNREFUSED', `nobody listens at ${to.address}:${to.port} in the sandbox world`);
      const connection = await real.dial(place, options?.signal ? { signal: options.signal } : {});
      const from: Endpoint = { address, port: clientPort++ };
      if (clientPort > 65_535) clientPort = firstClientPort;
      await connection.write(writeProxyHeader(from, to));
      return disguise(connection, { local: from, remote: to });
    },
  };
}

/** The same connection under the addresses of the world. */
function disguise(connection: Connection, ends: { readonly local: Endpoint; readonly remote: Endpoint }): Connection {
  return {
    ...ends,
    get tls() {
      return connection.tls;
    },
    read: () => connection.read(),
    write: (bytes) => connection.write(bytes),
    startTlsAsServer: (identity, signal) => connection.startTlsAsServer(identity, signal),
    startTlsAsClient: (options) => connection.startTlsAsClient(options),
    end: () => connection.end(),
    destroy: () => connection.destroy(),
  };
}
