/** Dates of header fields: what is read is a moment, and written down it is the same moment. */
import assert from 'node:assert/strict';
import { latin1 } from '../../../src/base/bytes.ts';
import { formatDate, parseDate } from '../../../src/format/date.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

export const date: FuzzTarget = {
  name: 'date',
  seeds: () => [
    'Sun, 22 Nov 2026 09:55:06 +0000',
    '22 Nov 2026 09:55 -0800 (PST)',
    'Thu, 13 Feb 69 23:32 -0330 (Newfoundland Time)',
    'Mon, 31 Dec 2012 23:59:60 GMT',
    'Fri, 21 Nov 97 09(comment):   55  :  06 Z',
    '1 Jan 1900 00:00:00 +2359',
    '31 Dec 9999 23:59:59 -2359',
    '29 Feb 2100 12:00:00 UT',
  ],
  dictionary: [
    ...[
      'Sun',
      'Mon,',
      'Nov',
      'feb',
      '2026',
      '99',
      '050',
      '00:00',
      '23:59:60',
      '+0000',
      '-0000',
      '+9999',
      '-2359',
      'EST',
      'Z',
      'GMT',
    ],
    ...['(', ')', '\\', ':', ',', ' ', '\r\n ', '31', '29', '1900', '9999', '(a (b) c)'],
  ],
  separators: [' ', ':', ','],
  open: () => ({ run }),
};

function run(input: Uint8Array): Outcome {
  const read = parseDate(latin1(input));
  if (read === undefined) return 'no date';
  const { ms, offsetMinutes, isCurrentForm } = read;
  assert.ok(Number.isSafeInteger(ms) && ms % 1_000 === 0);
  assert.ok(offsetMinutes === undefined || Math.abs(offsetMinutes) < 100 * 60);
  const year = new Date(ms).getUTCFullYear();
  assert.ok(year >= 1899 && year <= 10_000, `a date in the year ${year}`);
  if (year >= 1900 && year <= 9999) {
    assert.deepEqual(parseDate(formatDate(ms)), { ms, offsetMinutes: 0, isCurrentForm: true });
  }
  return `${offsetMinutes === undefined} ${isCurrentForm} ${year < 1970} ${new Date(ms).getUTCMonth()}`;
}
