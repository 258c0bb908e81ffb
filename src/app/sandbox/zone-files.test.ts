import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { domain, tempFolder } from '../../../test/support/temp-office.ts';
import { parseZoneText } from '../../format/zone-file.ts';
import { makeZoneSet, type ZoneSet } from '../../protocol/dns/zone-set.ts';
import { keepZoneFile, makeZoneFile, ZoneFiles, zoneFileOf } from './zone-files.ts';

function zonesOf(text: string): ZoneSet {
  const parsed = parseZoneText(text);
  const made = parsed.ok ? makeZoneSet(parsed.value.records) : parsed;
  assert.ok(made.ok);
  return made.value;
}

test('a zone file is served from when it is there until it goes; no file takes the place of a zone of the world', (t) => {
  const folder = tempFolder(t);
  const base = zonesOf('example.com. 60 SOA a b 1 2 3 4 5');
  let nowMs = 0;
  const said: string[] = [];
  const files = new ZoneFiles(folder, () => nowMs, base);
  const served = () => {
    nowMs += 1_000;
    return [...files.zones(base, (say) => said.push(say)).keys()];
  };
  assert.deepEqual(served(), [...base.keys()]);
  const shop = domain('shop.example');
  assert.equal(makeZoneFile(folder, shop), true);
  assert.equal(makeZoneFile(folder, shop), false, 'it is there already, and stays as it is');
  assert.equal(served().length, 2);
  const example = domain('example.com');
  makeZoneFile(folder, example);
  assert.equal(files.zones(base, () => {}).get([...base.keys()][0] ?? ''), base.values().next().value);
  writeFileSync(zoneFileOf(folder, shop), 'nonsense "');
  assert.equal(served().length, 1);
  assert.match(said.join(), /shop\.example\.zone: /);
  rmSync(zoneFileOf(folder, shop));
  assert.equal(served().length, 1);
});

test('a name below a zone needs none of its own', (t) => {
  const folder = tempFolder(t);
  assert.equal(makeZoneFile(folder, domain('shop.example')), true);
  assert.equal(makeZoneFile(folder, domain('news.shop.example')), false);
});

test('your zone is written once, and again only where it lacks what your office signs with', (t) => {
  const folder = tempFolder(t);
  const example = domain('example.com');
  const file = zoneFileOf(folder, example);
  const text = 'example.com. 60 SOA a b 1 2 3 4 5\nk._domainkey.example.com. 60 TXT "v=DKIM1; " "p=QUJD"\n';
  keepZoneFile(folder, example, { text, mustHold: ['v=DKIM1; p=QUJD'] });
  writeFileSync(file, `${text}; mine\n`);
  keepZoneFile(folder, example, { text, mustHold: ['v=DKIM1; p=QUJD'] });
  assert.match(readFileSync(file, 'utf8'), /; mine/);
  keepZoneFile(folder, example, { text: text.replace('QUJD', 'QUJE'), mustHold: ['v=DKIM1; p=QUJE'] });
  assert.match(readFileSync(file, 'utf8'), /QUJE/);
  assert.match(readFileSync(`${file}.old`, 'utf8'), /; mine/);
});
