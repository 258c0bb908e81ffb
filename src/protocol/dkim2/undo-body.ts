/** The body as it was before, line by line out of what it is now. dkim2-spec-03 §5.2. Linear in the body and the recipe. */
import { CR, concat, fromLatin1, LF, utf8 } from '../../base/bytes.ts';
import type { RecipeSteps } from './recipe.ts';

const lineEnd = fromLatin1('\r\n');

/** Undefined when a step copies lines that are not there. */
export function undoBody(body: Uint8Array, steps: RecipeSteps): Uint8Array | undefined {
  const lines = new Lines(body);
  const parts: Uint8Array[] = [new Uint8Array()];
  for (const step of steps) {
    if (step.kind === 'texts') {
      parts.push(utf8(`${step.texts.join('\r\n')}\r\n`));
      continue;
    }
    const start = lines.startOf(step.first);
    const end = start === undefined ? undefined : lines.endOf(step.last);
    if (start === undefined || end === undefined) return undefined;
    parts.push(body.subarray(start, end));
    // A last line without its end gets one, as in the hash: else what comes next would be part of it. dkim2-spec-03 §6.1
    if (body[end - 1] !== LF || body[end - 2] !== CR) parts.push(lineEnd);
  }
  return concat(parts);
}

/** Finds lines in ascending order, looking at each octet once. Only CRLF ends a line. */
class Lines {
  readonly #body: Uint8Array;
  /** The line that is looked at, and where it begins. */
  #number = 1;
  #at = 0;

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  /** Undefined behind the last line. */
  startOf(number: number): number | undefined {
    this.#advance(number);
    return this.#number === number && this.#at < this.#body.length ? this.#at : undefined;
  }

  /** Behind its CRLF, or behind all where the last line has none. */
  endOf(number: number): number | undefined {
    if (this.startOf(number) === undefined) return undefined;
    this.#advance(number + 1);
    return this.#at;
  }

  /** To the beginning of the line, or to the end. One loop for all lines, since most of a hostile body may be empty ones. */
  #advance(number: number): void {
    const body = this.#body;
    const end = body.length;
    let at = this.#at;
    let current = this.#number;
    while (current < number && at < end) {
      if (body[at] === LF && body[at - 1] === CR) current++;
      at++;
    }
    this.#at = at;
    this.#number = current;
  }
}
