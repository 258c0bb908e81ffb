/** The policy file: octets to a policy and back. Strict, and bounded before it is read. Pure. RFC 8461 §3.2 */
import { asBuffer } from '../../base/bytes.ts';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import { printable } from '../../base/printable.ts';
import { parseDomainName } from '../../format/domain-name.ts';
import type { StsMode, StsPolicy } from './types.ts';

export const policyOctetsMax = 65_536; // RFC 8461 §3.3 suggests 64 KB
export const policyAgeMaxSeconds = 31_557_600; // RFC 8461 §3.2: a year
/** Hosts beyond these could not be told from an attack on our memory. (Our choice.) */
const patternsMax = 1_000;

type Result = Outcome<StsPolicy, 'bad-policy'>;

export function parseStsPolicy(octets: Uint8Array): Result {
  if (octets.length > policyOctetsMax) return bad(`it is longer than ${policyOctetsMax} octets`);
  const text = asBuffer(octets).toString('utf8');
  if (Buffer.byteLength(text) !== octets.length || text.includes('\ufffd')) return bad('it is not UTF-8');
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop(); // the last line may have its end or not
  const fields: Field[] = [];
  for (const [index, line] of lines.entries()) {
    const field = readLine(line);
    if (field === undefined) return bad(`line ${index + 1} is no field: ${printable(line, 60)}`);
    fields.push(field);
  }
  return judge(fields, lines);
}

function bad(say: string): Result {
  return refuse('bad-policy', say);
}

type Field = { readonly name: string; readonly value: string };

/** `name: value`; blanks behind the colon and at the end mean nothing. */
function readLine(line: string): Field | undefined {
  const [, name, value] =
    /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*([^ \t\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*))$/.exec(line.trimEnd()) ?? [];
  return name === undefined || value === undefined ? undefined : { name, value };
}

function judge(fields: readonly Field[], lines: readonly string[]): Result {
  // RFC 8461 §3.2: of a field other than mx that is there twice the first counts, and unknown ones mean nothing.
  const first = (name: string) => fields.find((field) => field.name === name)?.value;
  const [version, mode, age] = [first('version'), first('mode'), first('max_age')];
  if (version !== 'STSv1') return bad(version === undefined ? 'it has no version' : 'its version is not STSv1');
  if (!isMode(mode)) return bad(mode === undefined ? 'it has no mode' : `${printable(mode, 40)} is no mode`);
  if (age === undefined) return bad('it has no max_age');
  const maxAgeSeconds = /^[0-9]{1,10}$/.test(age) ? Number(age) : Number.POSITIVE_INFINITY;
  if (maxAgeSeconds > policyAgeMaxSeconds)
    return bad(`max_age is not a number of seconds up to ${policyAgeMaxSeconds}`);
  const written = fields.filter(({ name }) => name === 'mx').map(({ value }) => value);
  if (written.length > patternsMax) return bad(`it names more than ${patternsMax} hosts`);
  const mx: string[] = [];
  for (const value of written) {
    const pattern = readPattern(value);
    if (pattern === undefined) return bad(`mx ${printable(value, 60)} is no host name`);
    mx.push(pattern);
  }
  if (mx.length === 0 && mode !== 'none') return bad('it names no mx');
  return accept({ mode, mx, maxAgeSeconds, lines });
}

function isMode(text: string | undefined): text is StsMode {
  return text === 'enforce' || text === 'testing' || text === 'none';
}

/** RFC 8461 §4.1: a wildcard is the whole leftmost label. */
function readPattern(value: string): string | undefined {
  const star = value.startsWith('*.') ? '*.' : '';
  const name = parseDomainName(value.slice(star.length));
  return name === undefined ? undefined : `${star}${name}`;
}

/** RFC 8461 §4.1: `*.example.com` is mail.example.com, and neither example.com nor a.mail.example.com. */
export function matchesMx(policy: Pick<StsPolicy, 'mx'>, host: string): boolean {
  const parent = host.slice(host.indexOf('.') + 1);
  return policy.mx.some((pattern) =>
    pattern.startsWith('*.') ? host.includes('.') && pattern.slice(2) === parent : pattern === host,
  );
}

/** What the policy host serves as text/plain; `parseStsPolicy` reads it back. */
export function policyText({ mode, mx, maxAgeSeconds }: Omit<StsPolicy, 'lines'>): string {
  const lines = [
    'version: STSv1',
    `mode: ${mode}`,
    ...mx.map((pattern) => `mx: ${pattern}`),
    `max_age: ${maxAgeSeconds}`,
  ];
  return `${lines.join('\r\n')}\r\n`;
}
