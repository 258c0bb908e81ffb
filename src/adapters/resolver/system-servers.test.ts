import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResolvConf, readSystemServers } from './system-servers.ts';

test('name servers in their order, comments and nonsense left out', () => {
  const text = `# made by hand
search example.com
nameserver 192.0.2.1 ; the first
nameserver	2001:db8::1
nameserver fe80::1%eth0
nameserver resolver.example.com
nameserver
`;
  assert.deepEqual(parseResolvConf(text), [
    { address: '192.0.2.1', port: 53 },
    { address: '2001:db8::1', port: 53 },
    { address: 'fe80::1%eth0', port: 53 },
  ]);
});

test('trust-ad is a word about all of them', () => {
  assert.deepEqual(parseResolvConf('nameserver 127.0.0.53\noptions edns0 trust-ad'), [
    { address: '127.0.0.53', port: 53, trustAd: true },
  ]);
});

test('without any, the server of this machine', () => {
  assert.deepEqual(parseResolvConf(''), [{ address: '127.0.0.1', port: 53 }]);
  assert.deepEqual(readSystemServers('does-not-exist/resolv.conf'), [{ address: '127.0.0.1', port: 53 }]);
});
