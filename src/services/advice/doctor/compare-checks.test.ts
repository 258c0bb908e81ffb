import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding, FindingStatus, Severity } from '../types.ts';
import { compareChecks } from './compare-checks.ts';

const finding = (
  id: string,
  status: FindingStatus,
  severity: Severity = 'error',
  subject = 'example.com',
): Finding => ({
  ...{ id, status, severity, subject, title: id, meaning: id, why: id },
  evidence: [],
});
const ids = (some: readonly Finding[]) => some.map(({ id, subject }) => `${id} ${subject}`);

function changes(...looks: readonly (readonly Finding[])[]): readonly (readonly string[])[] {
  let before = compareChecks(new Map(), looks[0] ?? []);
  return looks.slice(1).map((look) => {
    const { failing, mended, now } = compareChecks(before.now, look);
    before = { failing, mended, now };
    return [...ids(failing).map((text) => `+ ${text}`), ...ids(mended).map((text) => `- ${text}`)];
  });
}

test('new failures and mended ones are told once, advice never', () => {
  const good = [finding('SPF-01', 'pass'), finding('DKM-01', 'fail'), finding('MX-07', 'pass', 'advice')];
  const bad = [finding('SPF-01', 'fail'), finding('DKM-01', 'pass'), finding('MX-07', 'fail', 'advice')];
  assert.deepEqual(changes(good, bad, bad, good), [
    ['+ SPF-01 example.com', '- DKM-01 example.com'],
    [],
    ['+ DKM-01 example.com', '- SPF-01 example.com'],
  ]);
});

test('unknown is no change, in between and at its end', () => {
  const failing = [finding('MX-08', 'fail', 'error', 'mx.example.com')];
  const silent = [finding('MX-08', 'unknown')];
  assert.deepEqual(changes(failing, silent, failing, [finding('MX-08', 'pass', 'error', 'mx.example.com')]), [
    [],
    [],
    ['- MX-08 mx.example.com'],
  ]);
  assert.deepEqual(changes([finding('SPF-01', 'pass')], [finding('SPF-01', 'unknown')], [finding('SPF-01', 'fail')]), [
    [],
    ['+ SPF-01 example.com'],
  ]);
});

test('what is gone is mended: a key that was taken away fails no more', () => {
  assert.deepEqual(
    changes([finding('DKM-04', 'fail', 'warn', 'old._domainkey.example.com')], [finding('DKM-04', 'skip')]),
    [['- DKM-04 old._domainkey.example.com']],
  );
});
