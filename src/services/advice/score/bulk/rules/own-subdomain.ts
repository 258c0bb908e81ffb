/** BLK-05: mail to many has a sub-domain of its own. */
import { failed, passed, seen, skipped, steps } from '../../content/judged.ts';
import type { BulkRule } from '../types.ts';

export const ownSubdomain: BulkRule<'BLK-05'> = {
  id: 'BLK-05',
  judge: ({ domain, organizationOf, stream }) => {
    if (domain === undefined) return [skipped({ subject: 'From', meaning: 'It is not clear who the sender is.' })];
    const organization = organizationOf(domain) ?? domain;
    const evidence = [seen('domain in From', domain)];
    const shared = stream?.ordinaryDomains?.includes(domain) ?? domain === organization;
    if (!shared) return [passed({ subject: domain, meaning: 'Mail to many has a sub-domain of its own.', evidence })];
    const meaning = `Mail to many comes from ${domain}, the domain of all other mail.`;
    const fix = steps(`Send it from a sub-domain of its own, for example news.${organization}, with its own DKIM key.`);
    return [failed({ subject: domain, meaning, evidence, fix })];
  },
};
