/** What an operation of the API is. */
import type { TObject, TSchema } from 'typebox';
import type { Scope } from '../../../services/directory/types.ts';
import type { ProblemCode } from '../problems.ts';

export type Operation = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{id}` for what is named in it. */
  readonly path: string;
  readonly group: string;
  readonly summary: string;
  /** What the summary does not say. */
  readonly says: string;
  /** Any one of them will do. */
  readonly scopes: readonly Scope[];
  /** It is about more than the key's own: keys restricted to domains are refused. */
  readonly wholeOffice: boolean;
  readonly query?: TObject;
  readonly body?:
    | { readonly type: 'application/json'; readonly schema: TSchema; readonly large: boolean }
    | { readonly type: 'message/rfc822'; readonly large: true };
  readonly answer: {
    readonly status: 200 | 201 | 202 | 204;
    readonly says: string;
    readonly schema?: TSchema;
    /** Of an answer that is not JSON. */
    readonly type?: string;
  };
  /** Beside those that every request may meet. */
  readonly problems: readonly ProblemCode[];
};
