/** Facts of SPF and of addresses, and who sends from where: their rules read nothing else, and hundreds of scenes look through all of it in no time. */
import { gatherAddressFacts } from '../../src/services/advice/doctor/address/facts.ts';
import type { gatherFacts } from '../../src/services/advice/doctor/gather-facts.ts';
import { gatherOrigins } from '../../src/services/advice/doctor/mx/gather-origins.ts';
import { gatherSpfFacts } from '../../src/services/advice/doctor/spf/facts.ts';
import type { DomainFacts } from '../../src/services/advice/doctor/types.ts';

export const gatherSpfAndAddresses: typeof gatherFacts = async (world, subject, show) => {
  const [senders, spf, addresses, origins] = await Promise.all([
    subject.senders,
    gatherSpfFacts(world, subject),
    gatherAddressFacts(world, subject),
    gatherOrigins(world, subject),
  ]);
  const { signs: _, ...about } = subject;
  return {
    subject: { ...about, senders },
    nowMs: world.nowMs,
    show,
    spf,
    addresses,
    mx: { origins },
  } as unknown as DomainFacts;
};
