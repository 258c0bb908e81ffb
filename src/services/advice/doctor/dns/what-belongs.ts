/** Texts and the names they belong at: what other rules would ask to take away again is not proposed for a name. Pure. */
import { isDmarcRecord } from '../../../../protocol/dmarc/record.ts';
import { draftOf, draftText } from '../../../setup/setup.ts';
import { repairedDmarc } from '../dmarc/read-texts.ts';

const kinds: readonly (readonly [name: RegExp, text: RegExp])[] = [
  [/^_mta-sts\./, /^v=STSv1(?:;|\s|$)/],
  [/^_smtp\._tls\./, /^v=TLSRPTv1(?:;|\s|$)/],
  [/^[^.]+\._bimi\./, /^v=BIMI1(?:;|\s|$)/i],
  [/\._domainkey\./, /(?:^|;)\s*p\s*=/],
];

/** The text as it may stand at the name; undefined where something else belongs there. */
export function fitFor(name: string, text: string): string | undefined {
  const policy = policyIn(text);
  if (name.startsWith('_dmarc.')) return policy;
  const kind = kinds.find(([place]) => place.test(name));
  if (kind === undefined) return policy === undefined ? text : undefined;
  return kind[1].test(text) && policy === undefined ? text : undefined;
}

/** As DMA-03 and DMA-04 would have it. RFC 9989 §4.8 */
function policyIn(text: string): string | undefined {
  const whole = isDmarcRecord(text) ? text : repairedDmarc(text);
  const draft = whole === undefined ? undefined : draftOf(whole)?.draft;
  return draft && draftText(draft);
}
