/** The signatures of a message: what each says of itself, what became of it, and which fields they guard. Pure. */
import { fieldsNamed, type MessageIndex } from '../../../../format/message/message-index.ts';
import type { AuthReport } from '../../../../protocol/authenticate.ts';
import { readSignature } from '../../../../protocol/dkim/signature.ts';
import type { AlignmentLine, Evidence, ExplainedAlignment } from '../../types.ts';
import type { SignatureFacts } from '../types.ts';
import { relation } from './authentication-states.ts';

/** As many as a verifier tries. */
const fieldsMax = 20;

type Written = Pick<
  SignatureFacts,
  'domain' | 'selector' | 'algorithm' | 'fieldNames' | 'bodyOctets' | 'expiresAtSeconds'
>;

/** In the order of the fields where they were verified, else as the receiver noted them. */
export function signatureFacts(
  index: MessageIndex,
  known: { readonly evidence: Evidence; readonly alignment: ExplainedAlignment; readonly report?: AuthReport },
): readonly SignatureFacts[] {
  const { evidence, alignment, report } = known;
  const written = fieldsNamed(index, 'dkim-signature')
    .slice(0, fieldsMax)
    .map((field): Written => {
      const reading = readSignature(index, field, 'dkim');
      if (!reading.ok) return { ...reading.named, fieldNames: [] };
      const { domain, selector, algorithm, fieldNames, bodyOctets, expiresAtSeconds } = reading.value;
      return {
        domain,
        selector,
        algorithm,
        fieldNames,
        ...(bodyOctets !== undefined && { bodyOctets }),
        ...(expiresAtSeconds !== undefined && { expiresAtSeconds }),
      };
    });
  const lines = alignment.lines.filter(({ by }) => by === 'dkim');
  const fit = (line: AlignmentLine | undefined) =>
    line === undefined ? 'unknown' : relation(line, alignment, evidence);
  if (report !== undefined)
    return report.dkim.slice(0, fieldsMax).map((one, at) => ({
      ...(written[at] ?? unread),
      domain: one.domain,
      selector: one.selector,
      result: one.result,
      aligned: fit(lines[at]),
      ...(one.keyBits !== undefined && { keyBits: one.keyBits }),
    }));
  const noted = evidence.dkim.slice(0, fieldsMax).map((one, at) => ({
    ...(written.find(({ domain }) => domain === one.domain) ?? unread),
    ...one,
    aligned: fit(lines[at]),
  }));
  return noted.length > 0 ? noted : written.map((one) => ({ ...one, result: 'unknown', aligned: 'unknown' }));
}

const unread: Written = { domain: '', selector: '', algorithm: '', fieldNames: [] };

/** Names of fields under a signature that passes. */
export function coveredNames(signatures: readonly SignatureFacts[]): ReadonlySet<string> {
  return new Set(signatures.filter(({ result }) => result === 'pass').flatMap(({ fieldNames }) => fieldNames));
}
