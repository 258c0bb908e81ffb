/**
 * Bounds what a receiver's words cost us. One reply may be 64 KB, a dialogue has dozens, and each recipient's event tells all of it:
 * a host could fill our disk by answering. What is cut off nobody reads; codes, hosts and times stay whole. Pure.
 */
import type { Attempt, TranscriptStep } from './transport.ts';

/** Real replies with their links and case numbers end below 1,000 characters. */
const replyTextMax = 4_000;
/** Kept for each step of the dialogue, beside the reply itself. */
const stepTextMax = 1_000;

export function cutAttempt(attempt: Attempt): Attempt {
  const { reply, route } = attempt;
  return {
    ...attempt,
    ...(reply ? { reply: { ...reply, text: cut(reply.text, replyTextMax) } } : {}),
    route: {
      ...route,
      passedOver: route.passedOver.map((host) => ({ ...host, why: cut(host.why, stepTextMax) })),
    },
    say: cut(attempt.say, replyTextMax),
  };
}

export function cutStep(step: TranscriptStep): TranscriptStep {
  if (step.step === 'heard') return { ...step, text: cut(step.text, stepTextMax) };
  return step.step === 'passed-over' ? { ...step, why: cut(step.why, stepTextMax) } : step;
}

/** Words that came in a notification. */
export function cutWords(text: string): string {
  return cut(text, replyTextMax);
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}...`;
}
