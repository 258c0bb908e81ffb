/** What an Authentication-Results field says. RFC 8601 §2.2 */

/** `smtp.mailfrom=example.com` is { type: 'smtp', name: 'mailfrom', value: 'example.com' }. */
export type AuthProperty = { readonly type: string; readonly name: string; readonly value: string };

/** One resinfo: what a method concluded, and about what. */
export type AuthResult = {
  /** Lower case: `spf`, `dkim`, `dmarc`, `arc`, `iprev`, `auth`, ... */
  readonly method: string;
  /** Lower case. */
  readonly result: string;
  readonly reason?: string;
  readonly properties: readonly AuthProperty[];
};

export type ReadAuthResult = AuthResult & {
  readonly methodVersion: number;
  /** What stood in parentheses: text for people, to be escaped, never to be believed. */
  readonly comments: readonly string[];
};

export type ReadAuthResults = {
  /** Who says so, unquoted, as written. */
  readonly authservId: string;
  readonly version: number;
  /** Empty when the field says `none`. */
  readonly results: readonly ReadAuthResult[];
  /** Parts between semicolons that follow no grammar. */
  readonly unread: readonly string[];
};
