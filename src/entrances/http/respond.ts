/**
 * From answers to HTTP responses: headers that every response has, the body of a problem, and what a fault becomes. The only
 * place of this entrance that catches.
 */
import { Fault } from '../../base/outcome.ts';
import { type Answer, type BytesAnswer, type ProblemAnswer, problem } from './answer.ts';
import type { HttpOptions, HttpPorts } from './ports.ts';
import { problems } from './problems.ts';
import type { Problem } from './schemas/problem.ts';

const everyHeader = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
/** For whatever is not a page of ours: shown by a browser it may load and run nothing. */
const noContentPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";

export class Responder {
  readonly #ports: Pick<HttpPorts, 'ids' | 'signals' | 'timers'>;
  readonly #options: Pick<HttpOptions, 'publicUrl'>;

  constructor(ports: Pick<HttpPorts, 'ids' | 'signals' | 'timers'>, options: Pick<HttpOptions, 'publicUrl'>) {
    this.#ports = ports;
    this.#options = options;
  }

  /** @param about names the operation or page, for the log: never what a stranger wrote */
  async respond(request: Request, about: string, work: () => Promise<Answer> | Answer): Promise<Response> {
    const { ids, signals, timers } = this.#ports;
    const requestId = ids.next('req');
    const startedMs = timers.monotonicMs();
    const answer = await this.#caught(requestId, about, work);
    const response = this.#write(request, requestId, answer);
    signals.emit('debug', 'http.request', {
      request_id: requestId,
      method: knownMethods.includes(request.method) ? request.method : 'other',
      about,
      status: response.status,
      took_ms: Math.round(timers.monotonicMs() - startedMs),
    });
    return response;
  }

  async #caught(requestId: string, about: string, work: () => Promise<Answer> | Answer): Promise<Answer> {
    try {
      return await work();
    } catch (error) {
      const code = error instanceof Fault ? error.code : 'BUG';
      const answer = answerToFault(code);
      this.#ports.signals.emit('error', 'http.request_failed', {
        request_id: requestId,
        about,
        code,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      return answer;
    }
  }

  #write(request: Request, requestId: string, answer: Answer): Response {
    const headers = new Headers({
      ...everyHeader,
      'Cache-Control': 'no-store',
      'Content-Security-Policy': noContentPolicy,
      ...answer.headers,
      'X-Request-Id': requestId,
    });
    switch (answer.kind) {
      case 'json':
        headers.set('Content-Type', 'application/json');
        return new Response(JSON.stringify(answer.value), { status: answer.status, headers });
      case 'problem': {
        const body = this.#problem(answer, requestId);
        headers.set('Content-Type', 'application/problem+json');
        return new Response(JSON.stringify(body), { status: body.status, headers });
      }
      case 'bytes':
        return new Response(bodyFor(request, answer), { status: answer.status, headers });
    }
  }

  /** RFC 9457 §3.1 */
  #problem({ code, detail, errors, score }: ProblemAnswer, requestId: string): Problem {
    const { status, title, fix } = problems[code];
    return {
      type: `${this.#options.publicUrl ?? ''}/problems/${code}`,
      title,
      status,
      detail: detail ?? (errors.length > 0 ? summary(errors) : `${title}.`),
      code,
      fix,
      ...(errors.length > 0 ? { errors: [...errors] } : {}),
      ...(score === undefined ? {} : { score }),
      request_id: requestId,
    };
  }
}

type ResponseBody = ConstructorParameters<typeof Response>[0];

/** Nobody reads what HEAD would get: a stream has to be told, or it keeps its seat. */
function bodyFor(request: Request, { body }: BytesAnswer): ResponseBody {
  if (request.method !== 'HEAD' || !(body instanceof ReadableStream)) return body as ResponseBody;
  void body.cancel();
  return null;
}

export const knownMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The first one in full: most requests have one mistake, and most people read one line. */
function summary(errors: ProblemAnswer['errors']): string {
  const [first] = errors;
  const where = first?.pointer === '' ? 'The body' : (first?.pointer ?? first?.parameter ?? '');
  const said = `${where} ${first?.detail ?? ''}`;
  const more = errors.length > 1 ? ` And ${errors.length - 1} more: see errors.` : '';
  return `${said}${said.endsWith('?') ? '' : '.'}${more}`;
}

/** Codes of faults: base/port/db.ts, base/port/blobs.ts. */
function answerToFault(code: string): Answer {
  switch (code) {
    case 'ENOSPC':
      return problem('storage_full', { headers: { 'Retry-After': '60' } });
    case 'BLOB_MISSING':
    case 'BLOB_DAMAGED':
      return problem('message_damaged');
    case 'BUG':
    case 'UNIQUE':
    case 'FOREIGN_KEY':
    case 'CONSTRAINT':
    case 'STORE_SQL':
      return problem('internal_error');
    default:
      return problem('unavailable', { headers: { 'Retry-After': '5' } });
  }
}
