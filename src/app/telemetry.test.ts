import assert from 'node:assert/strict';
import test from 'node:test';
import { createTelemetry } from './telemetry.ts';

function logging() {
  const lines: string[] = [];
  const { signals } = createTelemetry({ level: 'debug', office: 'mx.example.com', write: (line) => lines.push(line) });
  return { lines, signals };
}

test('a signal is one line of JSON, whatever strangers put into its fields', () => {
  const { lines, signals } = logging();
  const evil =
    'a\r\n{"level":50,"signal":"forged"}\0\x1b[2J\x7f\x85\x9b31m\u2028b\u2029c\u202egnp.exe\u2066\ufeff\ud800"\\';
  signals.emit('warn', 'smtp.proxy_refused', { client: '192.0.2.1', why: evil });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^[\x20-\x7e]*\n$/);
  const { why, signal, level } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.deepEqual([signal, level], ['smtp.proxy_refused', 40]);
  assert.equal(String(why).toWellFormed(), evil.toWellFormed());
});

test('letters of the world stay letters', () => {
  const { lines, signals } = logging();
  signals.emit('info', 'smtp.message', { subject: 'Grüße, 日本語, 👋' });
  assert.ok(lines[0]?.includes('Grüße, 日本語, 👋'));
});
