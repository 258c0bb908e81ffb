/**
 * Looks at a domain: all families at once, through one world that asks each question once. What takes time is the longest chain of
 * questions that wait for one another.
 */
import { gatherAddressFacts } from './address/facts.ts';
import { gatherBimiFacts } from './bimi/facts.ts';
import { gatherDaneFacts } from './dane/facts.ts';
import { gatherDkimFacts } from './dkim/facts.ts';
import { gatherDmarcFacts } from './dmarc/facts.ts';
import { gatherDnsFacts } from './dns/facts.ts';
import { gatherListFacts } from './lists/facts.ts';
import { gatherStsFacts } from './mta-sts/facts.ts';
import { gatherMxFacts } from './mx/facts.ts';
import { gatherParkedFacts } from './parked/facts.ts';
import { gatherSpfFacts } from './spf/facts.ts';
import { gatherTlsReportFacts } from './tls-rpt/facts.ts';
import type { DoctorWorld, DomainFacts, GatherSubject, ShowEvidence } from './types.ts';

export async function gatherFacts(
  world: DoctorWorld,
  subject: GatherSubject,
  show: ShowEvidence,
): Promise<DomainFacts> {
  const [senders, dns, mx, spf, dkim, dmarc, sts, tlsReports, dane, bimi, addresses, lists, parked] = await Promise.all(
    [
      subject.senders,
      gatherDnsFacts(world, subject),
      gatherMxFacts(world, subject),
      gatherSpfFacts(world, subject),
      gatherDkimFacts(world, subject),
      gatherDmarcFacts(world, subject),
      gatherStsFacts(world, subject),
      gatherTlsReportFacts(world, subject),
      gatherDaneFacts(world, subject),
      gatherBimiFacts(world, subject),
      gatherAddressFacts(world, subject),
      gatherListFacts(world, subject),
      gatherParkedFacts(world, subject),
    ],
  );
  const facts = { dns, mx, spf, dkim, dmarc, sts, tlsReports, dane, bimi, addresses, lists, parked };
  const { signs: _, ...about } = subject;
  return { ...facts, subject: { ...about, senders }, nowMs: world.nowMs, show };
}
