/**
 * Reads the body of an Authentication-Results field, whoever wrote it: RFC 8601 §2.2, with comments wherever they may stand.
 * Deviating parts are left out one by one (`unread`), so that one odd result does not hide the others. Linear, never throws.
 */
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import { Scanner } from './scanner.ts';
import type { AuthProperty, ReadAuthResult, ReadAuthResults } from './types.ts';

export type AuthResultsRefusal = 'bad-authentication-results';

const resultsMax = 200; // our choice: more than that is read by nobody
const propertiesMax = 50;

/** @param body what follows the colon, folded or not */
export function parseAuthenticationResults(body: string | Uint8Array): Outcome<ReadAuthResults, AuthResultsRefusal> {
  const scanner = new Scanner(body);
  const head = readHead(scanner);
  if (head === undefined) return refuse('bad-authentication-results', 'the field does not begin with who says so');
  const results: ReadAuthResult[] = [];
  const unread: string[] = [];
  while (scanner.take(';') && results.length + unread.length < resultsMax) {
    const start = scanner.at;
    const result = readResult(scanner);
    if (result === undefined || !(scanner.atEnd || scanner.peek(';'))) {
      scanner.skipToSemicolon();
      unread.push(scanner.text.slice(start, scanner.at).trim());
    } else if (typeof result !== 'string') results.push(result);
  }
  return accept({ ...head, results, unread });
}

/** authserv-id and version up to the first semicolon or the end; undefined when something else stands there. */
export function readHead(scanner: Scanner): { authservId: string; version: number } | undefined {
  if (!scanner.skipBlanks()) return undefined;
  const authservId = scanner.quotedString() ?? scanner.token();
  if (authservId === undefined || !scanner.skipBlanks()) return undefined;
  const version = Number(scanner.digits() ?? 1); // RFC 8601 §2.2: absent means 1
  if (!scanner.skipBlanks() || !(scanner.atEnd || scanner.peek(';'))) return undefined;
  scanner.takeComments();
  return { authservId, version };
}

/** One resinfo up to the next semicolon; 'nothing' for `none` and for a semicolon too many. */
function readResult(scanner: Scanner): ReadAuthResult | 'nothing' | undefined {
  scanner.takeComments();
  if (!scanner.skipBlanks()) return undefined;
  if (scanner.atEnd || scanner.peek(';')) return 'nothing';
  const method = scanner.keyword()?.toLowerCase();
  if (method === undefined || !scanner.skipBlanks()) return undefined;
  if (method === 'none' && (scanner.atEnd || scanner.peek(';'))) return 'nothing';
  const methodVersion = readMethodVersion(scanner);
  if (methodVersion === undefined || !scanner.take('=') || !scanner.skipBlanks()) return undefined;
  const result = scanner.keyword()?.toLowerCase();
  if (result === undefined) return undefined;
  let reason: string | undefined;
  const properties: AuthProperty[] = [];
  for (;;) {
    if (!scanner.skipBlanks()) return undefined;
    if (scanner.atEnd || scanner.peek(';')) break;
    const property = readProperty(scanner);
    if (property === undefined || properties.length >= propertiesMax) return undefined;
    if (property.type === '' && property.name === 'reason' && reason === undefined) reason = property.value;
    else properties.push(property);
  }
  const comments = scanner.takeComments();
  return { method, methodVersion, result, ...(reason !== undefined && { reason }), properties, comments };
}

function readMethodVersion(scanner: Scanner): number | undefined {
  if (!scanner.take('/')) return 1; // RFC 8601 §2.2: absent means 1
  if (!scanner.skipBlanks()) return undefined;
  const digits = scanner.digits();
  return digits !== undefined && scanner.skipBlanks() ? Number(digits) : undefined;
}

/**
 * `ptype.property=pvalue` or `reason=value`. RFC 8601 §2.2 deviates: other words without a type (Microsoft 365 writes
 * `action=none`) are kept, with type ''.
 */
function readProperty(scanner: Scanner): AuthProperty | undefined {
  let type = '';
  let name = scanner.keyword();
  if (name === undefined || !scanner.skipBlanks()) return undefined;
  if (scanner.take('.')) {
    type = name;
    name = scanner.skipBlanks() ? scanner.keyword() : undefined;
    if (name === undefined || !scanner.skipBlanks()) return undefined;
  }
  if (!scanner.take('=') || !scanner.skipBlanks()) return undefined;
  const value = readValue(scanner);
  return value === undefined ? undefined : { type: type.toLowerCase(), name: name.toLowerCase(), value };
}

/**
 * Quoted strings and plain text up to a blank, comment or semicolon: value, or local-part@domain with either half quoted.
 * RFC 8601 §2.2 deviates: base64, IPv6 addresses and the like are read without the quotes they need.
 */
function readValue(scanner: Scanner): string | undefined {
  let value: string | undefined;
  for (;;) {
    const piece = scanner.peek('"') ? scanner.quotedString() : scanner.looseText();
    if (piece === undefined) return scanner.peek('"') ? undefined : value;
    value = (value ?? '') + piece;
  }
}
