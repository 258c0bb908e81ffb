/** dkimpy and pyspf, asked about what a resolver of the test answers. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { Endpoint } from '../../../src/base/port/net.ts';
import { missing, run } from '../sandbox-scene.ts';
import { peersMissing } from './wanted.ts';

/** The system's own interpreter: distributions put their packages there. */
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
export const noPythonJudges = peersMissing(() =>
  missing(python, ['-c', 'import dkim, nacl, spf, DNS'], 'dkimpy or pyspf'),
);

const begin = `
import base64, json, re, subprocess, sys
import DNS
given = json.load(sys.stdin)
DNS.defaults['server'], DNS.defaults['port'] = [given['host']], given['port']
try: # which pyspf prefers
  import dns.resolver
  dns.resolver.default_resolver = dns.resolver.Resolver(configure=False)
  dns.resolver.default_resolver.nameservers, dns.resolver.default_resolver.port = [given['host']], given['port']
except ImportError: pass
`;

async function judge<T>(script: string, { address, port }: Endpoint, question: unknown): Promise<T> {
  const input = JSON.stringify({ host: address, port, question });
  const ran = await run(python, ['-c', `${begin}${script}`], { input });
  assert.equal(ran.code, 0, ran.err);
  return JSON.parse(ran.out) as T;
}

/** `rsa-sha256 ph1 pass`, for each signature in the order in which they stand. */
export function dkimpySays(resolver: Endpoint, message: Uint8Array): Promise<string[]> {
  const script = `
import dkim
# An alias and a key of 2,048 bits are more than 512 octets: dig knows EDNS, the library here does not.
def txt(name, timeout=5):
  name = name.decode() if isinstance(name, bytes) else name
  ask = ['dig', '@' + given['host'], '-p', str(given['port']), '+noall', '+answer', name, 'TXT']
  for line in subprocess.run(ask, capture_output=True, text=True, check=True).stdout.splitlines():
    if re.search(r'\\sTXT\\s', line): return ''.join(re.findall('"([^"]*)"', line)).encode()
one = dkim.DKIM(base64.b64decode(given['question']))
said = []
for at, value in enumerate([value for name, value in one.headers if name.lower() == b'dkim-signature']):
  tags = dkim.util.parse_tag_value(value)
  try: result = 'pass' if one.verify(idx=at, dnsfunc=txt) else 'fail'
  except dkim.DKIMException as error: result = 'fail'
  said.append(' '.join([tags[b'a'].decode(), tags[b's'].decode(), result]))
print(json.dumps(said))
`;
  return judge(script, resolver, Buffer.from(message).toString('base64'));
}

export function pyspfSays(
  resolver: Endpoint,
  cases: readonly { readonly ip: string; readonly from: string }[],
): Promise<string[]> {
  const script = `
import spf
print(json.dumps([spf.check2(i=one['ip'], s=one['from'], h='mx.example.com')[0] for one in given['question']]))
`;
  return judge(script, resolver, cases);
}
