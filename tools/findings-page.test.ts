import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knownReplies } from '../src/services/advice/bounces/known-replies.ts';
import { statusMeanings } from '../src/services/advice/bounces/status-codes.ts';
import { rules } from '../src/services/advice/doctor/judge-domain.ts';
import { allChecks, findingsLines } from './findings-page.ts';

/** How many checks each family has: none is lost unseen. */
const counts = {
  DNS: 11,
  MX: 10,
  SPF: 21,
  DKM: 17,
  DMA: 24,
  STS: 6,
  RPT: 3,
  DAN: 4,
  BMI: 4,
  IPR: 8,
  LST: 5,
  PRK: 4,
  ALN: 11,
  MSG: 20,
  BLK: 8,
};

test('every family is whole, and every check is on the page with a heading of its own', () => {
  const ids = Object.keys(allChecks());
  for (const [family, count] of Object.entries(counts)) {
    const own = ids.filter((id) => id.startsWith(`${family}-`));
    assert.deepEqual(
      own.toSorted(),
      Array.from({ length: count }, (_, at) => `${family}-${String(at + 1).padStart(2, '0')}`),
    );
  }
  const headings = findingsLines().filter((line) => line.startsWith('### '));
  assert.equal(headings.length, ids.length);
});

test('every link of the page leads to a heading', () => {
  const lines = findingsLines();
  const anchors = new Set(
    lines
      .filter((line) => line.startsWith('### '))
      .map((line) =>
        line
          .slice(4)
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
          .replaceAll(' ', '-'),
      ),
  );
  const links = lines.flatMap((line) => [...line.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor));
  assert.ok(links.length > 20);
  for (const link of links) assert.ok(anchors.has(link ?? ''), link ?? 'no anchor');
});

test('every check of a domain has a rule, and refusals name checks that are there', () => {
  const all = allChecks();
  const ruled = new Set(rules.map(({ id }) => id));
  const families = ['DNS', 'MX', 'SPF', 'DKM', 'DMA', 'STS', 'RPT', 'DAN', 'BMI', 'LST', 'PRK'];
  for (const id of Object.keys(all)) if (families.includes(id.split('-')[0] ?? '')) assert.ok(ruled.has(id), id);
  const named = [
    ...knownReplies.flatMap(({ checks }) => checks),
    ...Object.values(statusMeanings).flatMap(({ checks }) => checks ?? []),
  ];
  for (const id of named) assert.ok(id in all, id);
});
