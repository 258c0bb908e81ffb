import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDnsName } from '../../format/dns-name.ts';
import { typeCodeOfText } from '../../format/dns-record.ts';
import { parseZoneText } from '../../format/zone-file.ts';
import { createAnswerMemory } from './answer-memory.ts';
import { type AnswerOptions, answerQuery } from './authority.ts';
import { emptyMessage, encodeMessage } from './message-codec.ts';
import { makeZoneSet, type ZoneSet } from './zone-set.ts';

function zonesOf(text: string): ZoneSet {
  const parsed = parseZoneText(`example.com. 300 SOA ns host 7 2h 15m 2w 5m\n${text}`);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.say);
  const made = makeZoneSet(parsed.value.records);
  assert.ok(made.ok, made.ok ? '' : made.say);
  return made.value;
}

const before = zonesOf('_dmarc.example.com. 300 TXT "v=DMARC1; p=none"\n*.example.com. 300 TXT "any"');
const after = zonesOf('_dmarc.example.com. 300 TXT "v=DMARC1; p=reject"');
const udp = { transport: 'udp' } as const;

/** Whatever kind of view holds them. */
const octets = (view: Uint8Array | undefined) => view && Buffer.from(view).toString('hex');

function query(id: number, name: string, type = 'TXT', udpOctets?: number): Uint8Array {
  const edns = { udpOctets: udpOctets ?? 0, version: 0, dnssecOk: false, options: [] };
  const question = { name: parseDnsName(name) ?? [], type: typeCodeOfText(type) ?? 0, class: 1 };
  const message = { ...emptyMessage(id), questions: [question], ...(udpOctets === undefined ? {} : { edns }) };
  const encoded = encodeMessage(message, { octetsMax: 1_232 });
  assert.ok(encoded);
  return encoded;
}

test('the answers of answerQuery, each with the id it was asked with, asked once or three times', () => {
  const answer = createAnswerMemory();
  const names = ['_dmarc.example.com', '_DMARC.example.com', 'a.example.com', 'b.example.com', 'example.net'];
  const ways: AnswerOptions[] = [udp, { transport: 'tcp' }, { transport: 'udp', comeByTcp: true }];
  let id = 0;
  for (let round = 0; round < 3; round++)
    for (const name of names)
      for (const type of ['TXT', 'MX', 'ANY'])
        for (const size of [undefined, 512, 4_096])
          for (const how of ways) {
            const asked = query(++id, name, type, size);
            assert.deepEqual(
              octets(answer(before, asked, how)),
              octets(answerQuery(before, asked, how)),
              `${name} ${type}`,
            );
          }
});

test('other zones, other answers, at once; and nothing for what deserves none', () => {
  const answer = createAnswerMemory();
  const asked = query(7, '_dmarc.example.com');
  for (const zones of [before, before, after, before])
    assert.deepEqual(octets(answer(zones, asked, udp)), octets(answerQuery(zones, asked, udp)));
  for (const nonsense of [new Uint8Array(), new Uint8Array(11), answerQuery(before, asked, udp) ?? asked])
    assert.equal(answer(before, nonsense, udp), undefined);
});

test('an answer on its way is nobody else’s to change', () => {
  const answer = createAnswerMemory();
  answer(before, query(1, '_dmarc.example.com'), udp)?.fill(0);
  const second = query(2, '_dmarc.example.com');
  const whole = octets(answerQuery(before, second, udp));
  const first = answer(before, second, udp);
  assert.deepEqual(octets(first), whole);
  first?.fill(0);
  assert.deepEqual(octets(answer(before, second, udp)), whole);
});

test('a flood of names that nobody asks twice does not fill the memory, nor drive out what is asked all the time', () => {
  const asked: number[] = [];
  const answer = createAnswerMemory({
    octetsMax: 10_000, // some 30 answers
    answer: (zones, asking, how) => {
      asked.push(asking.length);
      return answerQuery(zones, asking, how);
    },
  });
  const often = query(1, '_dmarc.example.com');
  for (let nth = 0; nth < 300; nth++) {
    answer(before, query(nth, `n${nth}.example.com`), udp);
    answer(before, often, udp);
  }
  assert.equal(asked.length, 301);
  answer(before, query(1, 'n0.example.com'), udp);
  assert.equal(asked.length, 302);
});
