/** The port to web servers that others name, a message its links for one. The office's is `adapters/http/guarded-http.ts`. */
import type { Outcome } from '../outcome.ts';

/** One request. */
export type WebWish = {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Of the answer's body; 0: it is not read. */
  readonly octetsMax: number;
  readonly timeMs: number;
  /** `http:`, too. */
  readonly plain?: boolean;
  readonly signal?: AbortSignal;
};

/** What came back, as it came: a redirect is told, not followed. */
export type WebHead = {
  readonly status: number;
  /** Where a redirect leads, as it says so. */
  readonly location?: string;
};

/** `no-address`: DNS says that there is none. `refused`: nobody listens there. With these two nobody else gets there either. */
export type WebRefusal =
  | 'url'
  | 'dns'
  | 'no-address'
  | 'address'
  | 'connection'
  | 'refused'
  | 'certificate'
  | 'status'
  | 'media-type'
  | 'too-long'
  | 'too-slow';

export type WebAnswer = Outcome<WebHead, WebRefusal>;

/** No cookies, no redirect followed, hosts inside this network refused; in time, and it never throws for what the other side does. */
export type AskWeb = (url: string, wish: WebWish) => Promise<WebAnswer>;
