/** The doctor's eyes: mail hosts over SMTP, policies and logos over the guarded HTTP client. */
import { registrationAsker } from '../adapters/http/ask-registration.ts';
import { stsPolicyFetcher } from '../adapters/http/fetch-sts-policy.ts';
import { createGuardedHttp, type GuardedHttpOptions } from '../adapters/http/guarded-http.ts';
import { createHostProbes, type HostProbeOptions } from '../adapters/transports/host-probes.ts';
import type { Probes } from '../services/advice/doctor/types.ts';
import type { World } from './compose.ts';

/** For a policy, a logo or a certificate: a person waits. */
const fileMs = 20_000;

export function createProbes(
  world: Pick<World, 'net' | 'resolver' | 'timers' | 'random' | 'trust'>,
  { isInVain, ...options }: Omit<HostProbeOptions, 'trust'> & Pick<GuardedHttpOptions, 'isInVain'>,
): Required<Omit<Probes, 'registration'>> {
  const { resolver, timers, trust } = world;
  const http = createGuardedHttp({ resolver, timers, trust, ...(isInVain && { isInVain }) });
  return {
    ...createHostProbes(world, { ...options, trust }),
    policyFile: stsPolicyFetcher(http, fileMs),
    file: async (url, { octetsMax }) => {
      const file = await http.getFile(url, { octetsMax, timeMs: fileMs });
      return file.ok ? { ok: true, ...file.value } : { ok: false, say: file.say };
    },
  };
}

/** A registry is asked by RDAP: a stranger's server, that counts who asks how often. */
export function createRegistrationProbe(
  world: Pick<GuardedHttpOptions, 'resolver' | 'timers'>,
): Required<Pick<Probes, 'registration'>> {
  return { registration: registrationAsker({ http: createGuardedHttp(world), timers: world.timers }) };
}
