/** DNS-10: the registration of the domain ends. Pure. */
import { fails, passes, plural, skips } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';

const dayMs = 86_400_000;
/** Enough for a letter, an absence and a bank transfer. (Facts of the check.) */
const warnDays = 30;

export function domainEndsSoon({ subject, nowMs, dns: { zone } }: DomainFacts): readonly Judged[] {
  const { registeredUntilMs } = subject;
  if (registeredUntilMs === undefined)
    return [skips({ subject: zone.top, meaning: `Until when ${zone.top} is registered is not known here.` })];
  const day = new Date(registeredUntilMs).toISOString().slice(0, 10);
  const days = Math.floor((registeredUntilMs - nowMs) / dayMs);
  const evidence = [{ query: `registration of ${zone.top}`, answer: `until ${day}` }];
  if (days >= warnDays)
    return [passes({ subject: zone.top, meaning: `${zone.top} is registered until ${day}.`, evidence })];
  const meaning =
    days < 0
      ? `The registration of ${zone.top} ended on ${day}: somebody else may register it and get its mail.`
      : `The registration of ${zone.top} ends on ${day}, in ${plural(days, 'day')}: with it all mail ends.`;
  const steps = ['Renew the domain at the registrar, and turn automatic renewal on.'];
  return [fails({ subject: zone.top, meaning, evidence, fix: { delete: [], set: [], steps } })];
}
