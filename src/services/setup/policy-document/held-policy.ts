/** What is remembered of a domain's policy between two looks, as JSON text in both directions. Pure. */
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import { payloadText, readPayload } from './policy-payload.ts';
import type { HeldPolicy } from './types.ts';

export function heldText({ document, waiting }: HeldPolicy): string {
  const held = {
    document: JSON.parse(payloadText(document)) as unknown,
    ...(waiting && {
      waiting: {
        from: new Date(waiting.fromMs).toISOString(),
        document: JSON.parse(payloadText(waiting.document)) as unknown,
      },
    }),
  };
  return `${JSON.stringify(held, null, 2)}\n`;
}

export function readHeld(text: string): Outcome<HeldPolicy, 'bad-document'> {
  const value = parse(text);
  const document = readPayload(JSON.stringify(value?.document ?? null));
  if (!document.ok) return document;
  if (value?.waiting === undefined) return accept({ document: document.value });
  const { from, document: next } = (value.waiting ?? {}) as Readonly<Record<string, unknown>>;
  const fromMs = typeof from === 'string' ? Date.parse(from) : Number.NaN;
  if (Number.isNaN(fromMs)) return refuse('bad-document', 'what waits has no time');
  const waiting = readPayload(JSON.stringify(next ?? null));
  return waiting.ok ? accept({ document: document.value, waiting: { document: waiting.value, fromMs } }) : waiting;
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
