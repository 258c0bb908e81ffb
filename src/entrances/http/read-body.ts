/** Reads bodies within limits: counted while they come in, whatever their headers say; JSON into memory, whole messages into the spool. */
import type { OctetPool } from '../../base/limits.ts';
import { Pieces } from '../../base/pieces.ts';
import type { Spooled, SpoolWriter } from '../../base/port/blobs.ts';
import { printable } from '../../base/printable.ts';
import { LineNormaliser } from '../../format/line-ends.ts';
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
  const pieces = new Pieces();
  let octets = 0;
  const refusal = await readParts(request, most, (part) => {
    if (!budget.take(part.length)) return busy;
    octets += part.length;
    pieces.add(part);
    return undefined;
  });
  if (!refusal) return { ok: true, value: pieces.take() };
  budget.give(octets);
  return { ok: false, problem: refusal };
}

/** A whole message, with its line ends made CRLF (MAIL_RULES 13) on the way into the spool; its owner discards it. */
export async function spoolMessage(request: Request, most: number, writer: SpoolWriter): Promise<Read<Spooled>> {
  const lines = new LineNormaliser();
  const take = async (made: ReturnType<LineNormaliser['push']>): Promise<ProblemAnswer | undefined> => {
    if (!made.ok) return problem('message_malformed', { detail: `A lone CR ends no line: ${made.say}.` });
    await writer.write(made.value);
    return undefined;
  };
  try {
    const refused = (await readParts(request, most, (part) => take(lines.push(part)))) ?? (await take(lines.finish()));
    if (!refused) return { ok: true, value: await writer.finish() };
    await writer.discard();
    return { ok: false, problem: refused };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/** Hands the body on as it comes, until its end or a problem; the answer is the problem. */
async function readParts(
  request: Request,
  most: number,
  take: (part: Uint8Array) => ProblemAnswer | undefined | Promise<ProblemAnswer | undefined>,
): Promise<ProblemAnswer | undefined> {
  let octets = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const part = await reader?.read().catch(() => 'broken' as const);
    if (part === 'broken') return problem('body_incomplete'); // the connection broke
    if (!part || part.done) break;
    octets += part.value.length;
    const refusal = octets > most ? tooLarge(most) : await take(part.value);
    if (!refusal) continue;
    await reader?.cancel();
    return refusal;
  }
  const announced = announcedLength(request.headers);
  return announced !== undefined && announced !== octets ? problem('body_incomplete') : undefined;
}

const busy = problem('busy', { headers: { 'Retry-After': '5' } });

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
