/** BLK-01: one click in the mail program unsubscribes. Both fields, an https address, and a DKIM signature over both. */
import { fieldText } from '../../../../../format/message/message-index.ts';
import { failed, passed, seen, steps, unknown } from '../../content/judged.ts';
import type { JudgedContent } from '../../content/types.ts';
import type { BulkFacts, BulkRule } from '../types.ts';

const missingTenths = 10;
const uncoveredTenths = 5;

export const oneClick: BulkRule<'BLK-01'> = {
  id: 'BLK-01',
  judge: (facts) => {
    const link = fieldText(facts.index, 'list-unsubscribe');
    const post = fieldText(facts.index, 'list-unsubscribe-post');
    const evidence = [
      seen('header List-Unsubscribe', link ?? 'none'),
      seen('header List-Unsubscribe-Post', post ?? 'none'),
    ];
    const missing = whatIsMissing(link, post);
    if (missing === undefined) return [judgeCover(facts, evidence)];
    const fix = steps(
      'Add: List-Unsubscribe: <https://your-domain/unsubscribe/one-token-per-recipient>',
      'Add: List-Unsubscribe-Post: List-Unsubscribe=One-Click',
      'Have DKIM sign both fields.',
    );
    return [failed({ subject: 'List-Unsubscribe', meaning: missing, evidence, fix, tenths: missingTenths })];
  },
};

// RFC 8058 §3.1
function whatIsMissing(link: string | undefined, post: string | undefined): string | undefined {
  if (link === undefined) return 'The message has no List-Unsubscribe field.';
  if (oneClickAddress(link) === undefined) return 'List-Unsubscribe names no https address.';
  if (post === undefined) return 'The field List-Unsubscribe-Post is missing.';
  return saysOneClick(post) ? undefined : 'The field List-Unsubscribe-Post does not say List-Unsubscribe=One-Click.';
}

export function saysOneClick(post: string): boolean {
  return /^List-Unsubscribe=One-Click$/i.test(post);
}

// RFC 8058 §4
function judgeCover({ covered, evidence: { source } }: BulkFacts, evidence: JudgedContent['evidence']): JudgedContent {
  const subject = 'List-Unsubscribe';
  const isCovered = covered.has('list-unsubscribe') && covered.has('list-unsubscribe-post');
  if (isCovered)
    return passed({ subject, meaning: 'One click unsubscribes, and the fields for it are signed.', evidence });
  if (source === 'none')
    return unknown({
      subject,
      meaning: 'Both fields are there; whether a signature covers them is not known.',
      evidence,
    });
  const fix = steps('Add list-unsubscribe and list-unsubscribe-post to the fields that DKIM signs (h=).');
  const meaning =
    'The fields for one-click unsubscribe are there, and no DKIM signature that holds covers both: receivers ignore them.';
  return failed({ subject, meaning, evidence, fix, tenths: uncoveredTenths });
}

/** The first https address in a List-Unsubscribe field (RFC 2369 §3.2). */
export function oneClickAddress(field: string): string | undefined {
  for (const [, address = ''] of field.matchAll(/<\s{0,9}(https:[^\s<>]{1,4096})\s{0,9}>/gi))
    if (URL.canParse(address)) return address;
  return undefined;
}
