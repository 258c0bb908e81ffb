/** DNS-10: the registration of the domain ends. Pure. */
import { fails, passes, plural, skips, staysUnknown } from '../judged.ts';
import type { DomainFacts, Judged } from '../types.ts';

const dayMs = 86_400_000;
/** Enough for a letter, an absence and a bank transfer. (Facts of the check.) */
const warnDays = 30;

export function domainEndsSoon({ subject: { registeredUntilMs }, nowMs, dns }: DomainFacts): readonly Judged[] {
  const { zone, registration } = dns;
  if (registeredUntilMs !== undefined) return [judgeEnd({ name: zone.top, untilMs: registeredUntilMs, nowMs })];
  if (registration === undefined)
    return [skips({ subject: zone.top, meaning: `Until when ${zone.top} is registered is not known here.` })];
  const { name, answer } = registration;
  if (answer.kind === 'told') return [judgeEnd({ name, ...answer, nowMs })];
  const evidence = [{ query: `registration of ${name}`, answer: answer.why }];
  const meaning = `Until when ${name} is registered could not be found out: ${answer.why}.`;
  return [staysUnknown({ subject: name, meaning, evidence })];
}

type Told = {
  readonly name: string;
  readonly untilMs: number;
  readonly nowMs: number;
  /** Of the registry that said so. */
  readonly server?: string;
};

function judgeEnd({ name: subject, untilMs, nowMs, server }: Told): Judged {
  const day = new Date(untilMs).toISOString().slice(0, 10);
  const days = Math.floor((untilMs - nowMs) / dayMs);
  const evidence = [{ query: `registration of ${subject}`, answer: `until ${day}`, ...(server && { server }) }];
  if (days >= warnDays) return passes({ subject, meaning: `${subject} is registered until ${day}.`, evidence });
  const meaning =
    days < 0
      ? `The registration of ${subject} ended on ${day}: somebody else may register it and get its mail.`
      : `The registration of ${subject} ends on ${day}, in ${plural(days, 'day')}: with it all mail ends.`;
  const steps = ['Renew the domain at the registrar, and turn automatic renewal on.'];
  return fails({ subject, meaning, evidence, fix: { delete: [], set: [], steps } });
}
