import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { aYear, markCertificate, squareLogo } from '../../../test/support/mark-certificate.ts';
import { judgeLogo, logoOctetsMax } from './judge-logo.ts';
import { extensionTexts } from './read-der.ts';
import { readEvidence } from './read-evidence.ts';
import { readSvg } from './read-svg.ts';
import { parseBimiRecord } from './record.ts';

test('records: a logo, a certificate, what else may stand there, and what is none', () => {
  const found = parseBimiRecord([
    'v=spf1 -all',
    'v=BIMI1; l=https://a.test/l.svg; a=https://a.test/c.pem; avp=personal; lps=brand-,x',
  ]);
  assert.partialDeepStrictEqual(found, {
    kind: 'found',
    logo: 'https://a.test/l.svg',
    evidence: 'https://a.test/c.pem',
    preference: 'personal',
    localParts: ['brand-', 'x'],
  });
  assert.equal(parseBimiRecord(['v=BIMI1; l=; a=;']).kind, 'declined');
  assert.equal(parseBimiRecord(['v=BIMI1; l=']).kind, 'declined');
  assert.equal(parseBimiRecord(['something else']).kind, 'none');
  for (const texts of [
    ['v=BIMI1; l=http://a.test/l.svg'],
    ['v=bimi1; l=https://a.test/l.svg'],
    ['v=BIMI1; a=https://a.test/c.pem'],
    ['v=BIMI1; l=https://a.test/l.svg; l=https://b.test/l.svg'],
    ['v=BIMI1; l=https://a.test/l.svg', 'v=BIMI1; l='],
    ['v=BIMI1; l=https://'],
  ])
    assert.equal(parseBimiRecord(texts).kind, 'invalid', texts.join());
});

const judged = (change: (svg: string) => string) => judgeLogo(Buffer.from(change(squareLogo)));
const problemsAfter = (change: (svg: string) => string) => {
  const verdict = judged(change);
  return verdict.kind === 'bad' ? verdict.problems.join('; ') : verdict.kind;
};
const within = (element: string) => (svg: string) => svg.replace('</svg>', `${element}</svg>`);

test('a logo in order is good, with comments, gradients, CDATA and references to itself too', () => {
  assert.deepEqual(
    judged((svg) => svg),
    { kind: 'good' },
  );
  const more =
    '<!-- x --><defs><linearGradient id="g"><stop offset="0"/></linearGradient></defs><path fill="url(#g)" d="M0 0"/><use xlink:href="#g"/>';
  assert.deepEqual(judged(within(more)), { kind: 'good' });
  assert.deepEqual(
    judged((svg) => svg.replace('Example', '<![CDATA[Example & Co]]>')),
    { kind: 'good' },
  );
  assert.deepEqual(
    judged((svg) => svg.replace('viewBox="0 0 64 64"', 'width="64" height="64"')),
    { kind: 'good' },
  );
});

test('what a logo lacks is named', () => {
  for (const [change, said] of [
    [(svg: string) => svg.replace(' baseProfile="tiny-ps"', ''), /baseProfile/],
    [(svg: string) => svg.replace('version="1.2"', 'version="1.1"'), /version="1\.2"/],
    [(svg: string) => svg.replace('2000/svg', '2000/x'), /xmlns/],
    [(svg: string) => svg.replace('<title>Example</title>', ''), /no title/],
    [(svg: string) => svg.replace('Example', ' '), /no title/],
    [(svg: string) => svg.replace('Example', 'x'.repeat(66)), /title is longer/],
    [(svg: string) => svg.replace('0 0 64 64', '0 0 64 32'), /not square \(64 by 32\)/],
    [(svg: string) => svg.replace('viewBox="0 0 64 64"', ''), /its size/],
    [(svg: string) => svg.replace('<svg ', '<svg x="0" '), /x or y/],
    [within('<script>1</script>'), /<script>/],
    [within('<image xlink:href="#x"/>'), /<image>/],
    [within('<animate/>'), /<animate>/],
    [within('<foreignObject/>'), /<foreignObject>/],
    [within('<sodipodi:namedview/>'), /sodipodi:namedview/],
    [within('<rect onclick="x()"/>'), /onclick/],
    [within('<use xlink:href="https://a.test/x"/>'), /outside/],
    [within('<use href="data:image/png;base64,AA"/>'), /outside/],
    [within('<rect fill="url(https://a.test/x)"/>'), /outside/],
    [(svg: string) => svg.replace('<svg', '<!DOCTYPE svg><svg'), /document type/],
    [(svg: string) => svg.replace('Example', '&evil;'), /entity/],
    [(svg: string) => svg.replace('<title>', '<?php 1?><title>'), /processing instruction/],
    [(svg: string) => svg.replace('</svg>', ''), /not closed/],
    [(svg: string) => svg.replace('</title>', '</titel>'), /in order/],
    [(svg: string) => svg.replaceAll('svg', 'html'), /no SVG but <html>/],
    [within(`<desc>${'x'.repeat(logoOctetsMax)}</desc>`), /more than the 32768/],
    [() => '', /no plain SVG/],
    [within('<rect width="1" width="2"/>'), /twice/],
  ] as const)
    assert.match(problemsAfter(change), said);
  assert.equal(judgeLogo(gzipSync(squareLogo)).kind, 'unknown');
  assert.equal(judgeLogo(Uint8Array.of(0xff, 0xfe, 0x3c)).kind, 'bad');
});

test('hostile pictures: refused in linear time, whatever they nest, repeat or leave open', () => {
  const heavy = [
    '<g>'.repeat(40_000),
    '<g/>'.repeat(30_000),
    `<svg ${'a="1" '.repeat(20_000)}`,
    `<svg${' '.repeat(120_000)}`,
    `<svg ${'a'.repeat(120_000)}`,
    `<svg a="${'&'.repeat(100_000)}"`,
    '<!--'.repeat(30_000),
    '&'.repeat(120_000),
    '<'.repeat(120_000),
    `<svg>${'<a b="'.repeat(20_000)}`,
  ];
  for (const one of heavy) assert.equal(judgeLogo(Buffer.from(one)).kind, 'bad');
  const piece = fc.constantFrom(
    '<svg ',
    '<g>',
    '</g>',
    '<',
    '>',
    '/>',
    'a="b" ',
    "'",
    '"',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '&lt;',
    '&',
    '<!DOCTYPE x [',
    '\0',
    'x',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const reading = readSvg(pieces.join(''));
      assert.equal(typeof reading.ok, 'boolean');
      assert.notEqual(judgeLogo(Buffer.from(pieces.join(''))).kind, 'good');
    }),
  );
});

const nowMs = Date.UTC(2026, 10, 22);

test('mark certificates: whose, of what kind, until when, with which logo', async () => {
  const read = async (pem: string) => readEvidence(Buffer.from(pem), ['example.com', 'other.test']);
  const vmc = await read(await markCertificate(aYear(nowMs)));
  assert.ok(vmc.kind === 'certificate');
  const { logo, ...rest } = vmc;
  assert.deepEqual(rest, {
    kind: 'certificate',
    mark: 'VMC',
    issuer: 'Mark CA',
    validFromMs: aYear(nowMs).notBeforeMs,
    validToMs: aYear(nowMs).notAfterMs,
    isFor: ['example.com'],
    isForMarks: true,
    isChained: true,
  });
  assert.equal(Buffer.from(logo ?? []).toString(), squareLogo);
  const cmc = await read(await markCertificate({ ...aYear(nowMs), mark: 'Prior Use Mark', packing: 'plain' }, 'alone'));
  assert.partialDeepStrictEqual(cmc, { mark: 'CMC', isChained: false });
  assert.ok(cmc.kind === 'certificate' && Buffer.from(cmc.logo ?? []).toString() === squareLogo);
  const web = await read(
    await markCertificate({ ...aYear(nowMs), usage: '1.3.6.1.5.5.7.3.1', logo: undefined, names: ['x.test'] }),
  );
  assert.partialDeepStrictEqual(web, { isForMarks: false, isFor: [] });
  assert.ok(web.kind === 'certificate' && web.logo === undefined);
});

test('what is no certificate is unreadable, and a logo that grows without end is none', async () => {
  for (const text of ['', 'hello', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', squareLogo])
    assert.equal((await readEvidence(Buffer.from(text), [])).kind, 'unreadable');
  const bomb = await markCertificate({ ...aYear(nowMs), logo: 'x'.repeat(2_000_000) });
  const read = await readEvidence(Buffer.from(bomb), ['example.com']);
  assert.ok(read.kind === 'certificate' && read.logo === undefined);
});

test('DER that lies about its lengths, or nests without end, has no texts', () => {
  const identifier = Uint8Array.of(0x2b);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      assert.ok(Array.isArray(extensionTexts(octets, identifier)));
    }),
  );
  assert.deepEqual(extensionTexts(Buffer.from('30'.repeat(5_000), 'hex'), identifier), []);
  let nested = Buffer.of(0x30, 0);
  for (let depth = 0; depth < 60; depth++) nested = Buffer.concat([Buffer.of(0x30, nested.length), nested]);
  assert.deepEqual(extensionTexts(nested, identifier), []);
});
