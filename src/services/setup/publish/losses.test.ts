import assert from 'node:assert/strict';
import test from 'node:test';
import { domain } from '../../../../test/support/temp-office.ts';
import type { OwnOffice, RecordChange, SetupType } from '../types.ts';
import { lossesOf } from './losses.ts';

const key = 'v=DKIM1; k=ed25519; p=U7RPsoh0Ve5drqMcsWLAvBuaM8CVhzrfBJAap1Ayk4w=';
const proof = { name: '_posthorn.a.example', value: 'posthorn-domain=x' };
const office: OwnOffice = {
  hostname: domain('mx.office.example'),
  receives: true,
  keys: [
    { selector: 'ph1', record: key, retired: false, isInUse: true },
    { selector: 'ph2', record: key, retired: false, isInUse: false },
  ],
  proof,
};
const change = (name: string, type: SetupType, before: readonly string[], after: readonly string[]): RecordChange => ({
  name,
  type,
  ...(before.length > 0 && { before: { name, type, ttl: 60, values: before } }),
  ...(after.length > 0 && { after: { name, type, ttl: 60, values: after } }),
});
const said = (one: RecordChange, own = office) => lossesOf([one], 'a.example', own).join();

test('a record that is in use is named where it would go, however it is spelled, and nothing else is', () => {
  const spelled = key.replaceAll('; ', ';');
  assert.match(said(change('ph1._domainkey.a.example', 'TXT', [spelled], [])), /^ph1\S+ TXT: the record of a key/);
  assert.match(said(change('ph1._domainkey.a.example', 'TXT', [key], ['v=DKIM1; p='])), /the record of a key/);
  assert.equal(said(change('ph1._domainkey.a.example', 'TXT', ['v=DKIM1; p='], [key])), '');
  assert.equal(said(change('ph2._domainkey.a.example', 'TXT', [key], [])), '');
  assert.match(said(change(proof.name, 'TXT', [proof.value], [])), /the proof/);
  assert.equal(said(change(proof.name, 'TXT', ['other', proof.value], [proof.value])), '');
  assert.equal(said(change('a.example', 'TXT', ['v=spf1 -all'], [])), '');
  const zone = domain('xyz.hosted.example');
  const delegated: OwnOffice = { ...office, delegation: { kind: 'names', zone, nameServers: [] } };
  const alias = change('_dmarc.a.example', 'CNAME', [`_dmarc.${zone}`], []);
  assert.match(said(alias, delegated), /leads to this office/);
  assert.equal(said(alias), '');
});
