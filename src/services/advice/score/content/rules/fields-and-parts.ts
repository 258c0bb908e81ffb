/** MSG-01: Date and Message-ID, once each and readable; MIME parts put together so that every reader finds them. */
import { parseDate } from '../../../../../format/date.ts';
import { fieldText } from '../../../../../format/message/message-index.ts';
import { isIdentityEncoding } from '../../../../../format/mime/transfer-encoding.ts';
import { failed, fieldTexts, passed, seen, skipped, steps } from '../judged.ts';
import type { Content, ContentRule, JudgedContent } from '../types.ts';

/** Each missing one of the two breaks the same rule: it is charged once. */
const missingTenths = 8;
const hourMs = 3_600_000;
/** Clocks go wrong; a day ahead no clock is. */
const aheadMaxMs = 24 * hourMs;

export const fieldsAndParts: ContentRule<'MSG-01'> = {
  id: 'MSG-01',
  judge: (content) => {
    const date = judgeDate(content);
    const id = judgeMessageId(content);
    const isChargedTwice = (date.tenths ?? 0) > 0 && (id.tenths ?? 0) > 0;
    return [date, isChargedTwice ? { ...id, tenths: 0 } : id, judgeMime(content)];
  },
};

// RFC 5322 §3.6.1
function judgeDate({ index, facts }: Content): JudgedContent {
  const subject = 'Date';
  const dates = fieldTexts(index, 'date');
  const evidence = dates.map((date) => seen('header Date', date)).slice(0, 3);
  const [first] = dates;
  const fix = steps('Let the sending program write one Date field like "Sun, 22 Nov 2026 09:55:06 +0000".');
  const wrong = (meaning: string) => failed({ subject, meaning, evidence, fix });
  if (first === undefined)
    return failed({ subject, meaning: 'The message does not say when it was written.', fix, tenths: missingTenths });
  if (dates.length > 1) return wrong(`The message has ${dates.length} dates.`);
  const date = parseDate(first);
  if (date === undefined) return wrong('The date cannot be read.');
  if (date.ms > facts.nowMs + aheadMaxMs) return wrong('The date lies in the future.');
  return passed({ subject, meaning: 'The message says when it was written.', evidence });
}

// RFC 5322 §3.6.4, with the brackets and the one @ that every reader looks for
const idShape = /^<[^\s<>@]{1,500}@[^\s<>@]{1,500}>$/;

function judgeMessageId({ index }: Content): JudgedContent {
  const subject = 'Message-ID';
  const ids = fieldTexts(index, 'message-id');
  const evidence = ids.map((id) => seen('header Message-ID', id)).slice(0, 3);
  const [first] = ids;
  const fix = steps('Let the sending program write one Message-ID like <something-unique@your-domain>.');
  const wrong = (meaning: string) => failed({ subject, meaning, evidence, fix });
  if (first === undefined) return failed({ subject, meaning: 'The message has no id.', fix, tenths: missingTenths });
  if (ids.length > 1) return wrong(`The message has ${ids.length} ids.`);
  if (!idShape.test(first)) return wrong('The id of the message does not look like <something@host>.');
  return passed({ subject, meaning: 'The message has its own id.', evidence });
}

/** Said of the first thing that is wrong. */
function judgeMime({ index, tree }: Content): JudgedContent {
  const subject = 'MIME';
  const fault = partFault(tree) ?? headerFault(index);
  const version = fieldText(index, 'mime-version');
  const isMime = ['content-type', 'content-transfer-encoding'].some((name) => fieldText(index, name) !== undefined);
  if (fault !== undefined) {
    const fix = steps('Build the message with a MIME library instead of joining its pieces by hand.');
    return failed({ subject, meaning: fault, evidence: [seen('parts', `${tree.parts.length}`)], fix });
  }
  if (!isMime && version === undefined)
    return skipped({ subject, meaning: 'The message is one plain text without MIME.' });
  if (!/^\s*1\.0\b/.test(version ?? '')) {
    const evidence = [seen('header MIME-Version', version ?? 'none')];
    const fix = steps('Write the field MIME-Version: 1.0.'); // RFC 2045 §4
    return failed({
      subject,
      severity: 'warn',
      meaning: 'The message has parts and does not say MIME-Version: 1.0.',
      evidence,
      fix,
    });
  }
  return passed({
    subject,
    meaning: `The message has ${tree.parts.length === 1 ? 'one part' : `${tree.parts.length} parts`}, and all can be read.`,
  });
}

const partFaults: Readonly<Record<Content['tree']['problems'][number]['code'], string>> = {
  'no-boundary': 'The message says that it has parts, and not how they are told apart.',
  'bad-boundary': 'The line that tells the parts apart is longer than mail programs read.',
  'repeated-boundary': 'Parts within parts are told apart by the same line, so programs mix them up.',
  'not-closed': 'The end of the parts is missing, as if the message was cut off.',
  'too-deep': 'Parts are nested deeper than mail programs read.',
  'too-many-parts': 'The message has more parts than mail programs read.',
};

function partFault({ problems, parts }: Content['tree']): string | undefined {
  const [problem] = problems;
  if (problem !== undefined) return partFaults[problem.code];
  const odd = parts.find(
    ({ transferEncoding: token }) => !isIdentityEncoding(token) && !knownEncodings.includes(token),
  );
  return odd && 'A part is encoded in a way that no mail program knows.';
}
const knownEncodings = ['base64', 'quoted-printable']; // RFC 2045 §6.1

function headerFault({ problems }: Content['index']): string | undefined {
  const codes = new Set(problems.map(({ code }) => code));
  if (codes.has('no-blank-line')) return 'No empty line stands between the header and the text.';
  if (codes.has('no-colon')) return 'A line of the header is no field: programs take it and all below for text.';
  if (codes.has('nul')) return 'The header holds a NUL, which many servers refuse.';
  return ['bad-name', 'blank-before-colon', 'blank-before-name', 'folded-name'].some((code) =>
    codes.has(code as 'bad-name'),
  )
    ? 'The name of a header field is written wrongly.'
    : undefined;
}
