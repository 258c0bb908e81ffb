/** Reads bodies within limits: counted while they come in, whatever their headers say; then JSON, if JSON is wanted. */
import { Buffer } from 'node:buffer';
import type { OctetPool } from '../../base/limits.ts';
import { printable } from '../../base/printable.ts';
import { type ProblemAnswer, problem } from './answer.ts';
import { refuseJsonShape } from './json-shape.ts';

export type BodyKind = 'application/json' | 'message/rfc822';

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: ProblemAnswer };

/** The problem with the headers, if there is one: nothing has been read yet then. */
export function refuseBodyHeaders(headers: Headers, kind: BodyKind, most: number): ProblemAnswer | undefined {
  const [type = '', ...parameters] = (headers.get('content-type') ?? '').split(';').map((part) => part.trim());
  if (type.toLowerCase() !== kind) {
    const given = type === '' ? 'there is no Content-Type' : `the Content-Type is ${printable(type, 80)}`;
    return problem('media_type_unsupported', { detail: `This needs Content-Type: ${kind}; ${given}.` });
  }
  const charset = parameters.map((part) => /^charset="?([^"]*)"?$/i.exec(part)?.[1]).find((name) => name !== undefined);
  if (kind === 'application/json' && charset !== undefined && !/^utf-?8$/i.test(charset)) {
    return problem('media_type_unsupported', { detail: 'JSON comes in UTF-8 (RFC 8259 §8.1).' });
  }
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    return problem('media_type_unsupported', {
      detail: 'Compressed bodies are not taken.',
      headers: { 'Accept-Encoding': 'identity' }, // RFC 9110 §15.5.16
    });
  }
  const announced = announcedLength(headers);
  return announced !== undefined && announced > most ? tooLarge(most) : undefined;
}

/** The bytes; they count against the budget until `give` is called with their length. */
export async function readBody(request: Request, most: number, budget: OctetPool): Promise<Read<Uint8Array>> {
  const chunks: Uint8Array[] = [];
  let octets = 0;
  const refuse = (answer: ProblemAnswer): Read<Uint8Array> => {
    budget.give(octets);
    return { ok: false, problem: answer };
  };
  const reader = request.body?.getReader();
  try {
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      if (octets + part.value.length > most) {
        await reader?.cancel();
        return refuse(tooLarge(most));
      }
      if (!budget.take(part.value.length)) {
        await reader?.cancel();
        return refuse(problem('busy', { headers: { 'Retry-After': '5' } }));
      }
      octets += part.value.length;
      chunks.push(part.value);
    }
  } catch {
    return refuse(problem('body_incomplete')); // the connection broke
  }
  const announced = announcedLength(request.headers);
  if (announced !== undefined && announced !== octets) return refuse(problem('body_incomplete'));
  return { ok: true, value: Buffer.concat(chunks, octets) };
}

export function readJson(bytes: Uint8Array): Read<unknown> {
  const text = decode(bytes);
  if (text === undefined) return malformed('it is not UTF-8');
  const refusal = refuseJsonShape(text);
  if (refusal !== undefined) return malformed(refusal);
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return malformed(text === '' ? 'it is empty' : printable((error as SyntaxError).message));
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function malformed(why: string): Read<never> {
  return { ok: false, problem: problem('json_malformed', { detail: `The body cannot be read: ${why}.` }) };
}

function tooLarge(most: number): ProblemAnswer {
  return problem('body_too_large', { detail: `At most ${most} octets are taken here.` });
}

function announcedLength(headers: Headers): number | undefined {
  const text = headers.get('content-length') ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
