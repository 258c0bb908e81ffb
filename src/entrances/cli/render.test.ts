import assert from 'node:assert/strict';
import test from 'node:test';
import { bashScript, fishScript, zshScript } from './completion-scripts.ts';
import { factLines, tableLines } from './render-table.ts';
import { timelineLines, visible } from './render-timeline.ts';
import { plainStyle } from './style.ts';

const columns = [
  { title: 'name', text: ({ name }: { name: string; what: string }) => name },
  { title: 'what', text: ({ what }: { name: string; what: string }) => what },
];

test('columns are as wide as their widest cell; a terminal cuts the last one', () => {
  const rows = [
    { name: 'a', what: 'short' },
    { name: 'longer', what: 'x'.repeat(40) },
  ];
  assert.deepEqual(tableLines(rows, columns, plainStyle, undefined), [
    'name    what',
    'a       short',
    `longer  ${'x'.repeat(40)}`,
  ]);
  const cut = tableLines(rows, columns, plainStyle, 20);
  assert.equal(cut[2], `longer  ${'x'.repeat(11)}…`);
  const third = { title: 'more', text: () => 'y'.repeat(20) };
  const [, , both] = tableLines(rows, [...columns, third], plainStyle, 40);
  assert.equal(both, `longer  ${'x'.repeat(17)}…  ${'y'.repeat(11)}…`);
});

test('text of strangers cannot drive the terminal', () => {
  const [, line] = tableLines([{ name: '\u001b[2J', what: 'a\nb\u202e' }], columns, plainStyle, 80);
  assert.equal(line, '\\x1b[2J  a\\x0ab\\x202e');
  assert.deepEqual(factLines([['subject', 'a\rb']], plainStyle), ['  subject  a\\x0db']);
  assert.equal(visible('Grüße 👋'), 'Grüße 👋');
});

test('a timeline breaks its lines where the terminal ends', () => {
  const steps = [
    { atMs: 1_000, step: 'accepted', say: 'stored' },
    {
      atMs: 1_020,
      step: 'tls',
      recipient: 'a@b.test',
      say: 'TLSv1.3, TLS_AES_256_GCM_SHA384, certificate not proven (self-signed certificate)',
    },
    { atMs: 3_661_000, step: 'from-the-future', recipient: 'a@b.test', say: 'x' },
  ];
  const lines = timelineLines(steps, plainStyle, 80);
  assert.deepEqual(lines, [
    '   accepted      +0 ms  stored',
    '   TLS          +20 ms  TLSv1.3, TLS_AES_256_GCM_SHA384, certificate not proven',
    '                        (self-signed certificate)',
    '   from-the-future  +61 min  x',
  ]);
  assert.equal(timelineLines(steps, plainStyle).length, 3);
});

test('with several recipients the steps of each stand below it', () => {
  const steps = ['a@b.test', 'c@d.test'].map((recipient) => ({
    atMs: 0,
    step: 'settled',
    recipient,
    say: 'delivered',
  }));
  const accepted = { atMs: 0, step: 'accepted', say: 'stored' };
  assert.deepEqual(timelineLines([accepted, ...steps, ...steps.slice(1)], plainStyle), [
    '   accepted      +0 ms  stored',
    '   a@b.test',
    '   settled       +0 ms  delivered',
    '   c@d.test',
    '   settled       +0 ms  delivered',
    '   settled       +0 ms  delivered',
  ]);
});

test('completion scripts know every command and option', () => {
  const table = [
    { path: '', words: ['send', 'keys', '--help'] },
    { path: 'keys', words: ['create', 'list'] },
    { path: 'keys create', words: ['--scope'] },
  ];
  const summaries = [{ name: 'send', says: "it's one" }];
  assert.match(bashScript(table), /'keys create'\) words='--scope' ;;/);
  assert.match(zshScript(table), /bashcompinit/);
  assert.match(fishScript(table, summaries), /-a send -d 'it\\'s one'/);
  assert.match(
    fishScript(table, summaries),
    /__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from create/,
  );
});
