import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../test/support/any-character.ts';
import { readReceived } from './read-received.ts';

test('the forms that mail systems really write', () => {
  assert.deepEqual(
    readReceived(
      ' from m32.example.net (m32.example.net. [192.0.2.12])        by mx.example.com with UTF8SMTPS id y15si430.2020        for <ann@example.com>        (version=TLS1_3 cipher=TLS_AES_128_GCM_SHA256 bits=128/128);        Sat, 22 Aug 2020 23:10:01 -0700 (PDT)',
    ),
    {
      from: 'm32.example.net',
      reverseName: 'm32.example.net',
      address: '192.0.2.12',
      by: 'mx.example.com',
      with: 'UTF8SMTPS',
      id: 'y15si430.2020',
      for: 'ann@example.com',
      tls: 'TLS 1.3',
      atMs: Date.UTC(2020, 7, 23, 6, 10, 1),
    },
  );
  const postfix = readReceived(
    'from h.example (unknown [IPv6:2001:db8::1])\t(using TLSv1.2 with cipher ECDHE (128/128 bits))\t(No client certificate requested)\tby mx.example (Postfix) with ESMTPS id 75;\tWed, 14 Oct 2020 12:52:03 +0300 (EEST)',
  );
  assert.deepEqual(
    [postfix.from, postfix.reverseName, postfix.address, postfix.by, postfix.tls],
    ['h.example', undefined, '2001:db8::1', 'mx.example', 'TLS 1.2'],
  );
  assert.deepEqual(readReceived('by 2002:a67:43c4:0:0:0:0:0 with SMTP id q1; Sat, 22 Aug 2020 23:10:01 -0700 (PDT)'), {
    by: '2002:a67:43c4:0:0:0:0:0',
    with: 'SMTP',
    id: 'q1',
    atMs: Date.UTC(2020, 7, 23, 6, 10, 1),
  });
  const exim = readReceived(
    'from [192.0.2.9] (helo=me) by mx.example with esmtpsa (Exim 4.96) id 1; Sat, 22 Aug 2020 06:10:00 +0000',
  );
  assert.deepEqual([exim.from, exim.address, exim.with, exim.tls], ['[192.0.2.9]', '192.0.2.9', 'ESMTPSA', 'TLS']);
  assert.equal(readReceived('by luna.example with HTTP; Sun, 23 Aug 2020 06:10:00 +0000').tls, undefined);
});

test('a keyword inside a comment is no clause, and a comment without an end hides nothing of the date', () => {
  assert.equal(readReceived('from a (by b with ESMTPS) by c with SMTP; x').by, 'c');
  assert.deepEqual(readReceived('from a (open; Sat, 22 Aug 2020 06:10:00 +0000').atMs, Date.UTC(2020, 7, 22, 6, 10, 0));
  assert.deepEqual(readReceived(''), {});
});

test('any text is read without an exception and in linear time', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300, unit: anyCharacter }), (text) => void readReceived(text)),
    { numRuns: 300 },
  );
  readReceived('('.repeat(1_000_000));
  readReceived('from '.repeat(200_000));
  readReceived(`from ${'a.'.repeat(500_000)}`);
});
