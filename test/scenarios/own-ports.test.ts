/** Ports for programs that are not ours: none that an outgoing connection may take, none twice. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import test from 'node:test';
import { ownPorts } from '../support/peers/own-ports.ts';

const linux = {
  skip: process.platform === 'linux' ? false : 'abstract names and the range of outgoing ports are Linux',
};

test('no port of outgoing connections, none twice, and it can be bound', linux, async (t) => {
  const [from = 0, to = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/).map(Number);
  const ports = (await Promise.all([ownPorts(20), ownPorts(20)])).flat();
  assert.equal(new Set(ports).size, 40);
  assert.deepEqual(
    ports.filter((port) => port < 1_024 || (port >= from && port <= to)),
    [],
  );
  const server = createServer();
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: ports[0] }, resolve));
});

test('a port that was given stays given, though nobody listens there yet', linux, async (t) => {
  const [first = 0] = await ownPorts(1);
  const chance = Math.random;
  const choice = t.mock.method(Math, 'random', () => chance());
  choice.mock.mockImplementationOnce(() => (first - 10_000 + 0.5) / (65_535 - 10_000 + 1));
  assert.notDeepEqual(await ownPorts(1), [first]);
  assert.ok(choice.mock.callCount() > 1, 'the port was chosen, and given to nobody');
});
