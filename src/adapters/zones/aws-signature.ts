/** Signature version 4, as Amazon's services check it: the request in its one spelling, hashed, under a key of the day, region and service. */
import { createHash, createHmac } from 'node:crypto';

export type AwsCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

export type SignedRequest = {
  readonly method: string;
  readonly url: URL;
  /** All that is to be signed, `host` and `x-amz-date` too; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type SigningScope = { readonly region: string; readonly service: string };

const algorithm = 'AWS4-HMAC-SHA256';

/** The value of `Authorization`. */
export function awsAuthorization(
  request: SignedRequest,
  { accessKeyId, secretAccessKey }: AwsCredentials,
  { region, service }: SigningScope,
): string {
  const stamp = request.headers['x-amz-date'] ?? '';
  const scope = [stamp.slice(0, 8), region, service, 'aws4_request'];
  const names = Object.keys(request.headers).sort();
  const canonical = [
    request.method,
    canonicalPath(request.url),
    canonicalQuery(request.url),
    ...names.map((name) => `${name}:${(request.headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    sha256(request.body),
  ].join('\n');
  const text = [algorithm, stamp, scope.join('/'), sha256(canonical)].join('\n');
  const key = scope.reduce<Buffer | string>((under, part) => hmac(under, part), `AWS4${secretAccessKey}`);
  const signature = hmac(key, text).toString('hex');
  return `${algorithm} Credential=${accessKeyId}/${scope.join('/')}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
}

/** `20261122T163000Z` */
export function awsTime(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}

/** Encoded once more: what stands in the path is encoded already. */
function canonicalPath({ pathname }: URL): string {
  return pathname.split('/').map(encoded).join('/');
}

function canonicalQuery({ searchParams }: URL): string {
  const pairs = [...searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
  return pairs.sort().join('&');
}

/** All but unreserved characters. RFC 3986 §2.3 */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
