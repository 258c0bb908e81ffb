/**
 * "Show original" of strangers: explained without an exception, in a bounded number of lines of bounded width, and nothing of
 * theirs drives the terminal.
 */
import assert from 'node:assert/strict';
import { explanationDocument } from '../../../src/entrances/cli/explanation-document.ts';
import { explanationLines } from '../../../src/entrances/cli/render-explanation.ts';
import { plainStyle } from '../../../src/entrances/cli/style.ts';
import { explainMessage } from '../../../src/services/advice/advice.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

export const explain: FuzzTarget = {
  name: 'explain',
  octetsMax: 16_384,
  seeds: () => [
    'Received: from a.example (b.example. [192.0.2.1]) by c.example (Postfix) with ESMTPS id 1 for <x@d.example>; Fri, 21 Oct 2016 10:00:04 +0000 (UTC)\r\nFrom: a@b.example\r\n\r\n',
    'Authentication-Results: mx.c.example; dkim=pass (good) header.d=b.example; spf=pass smtp.mailfrom=x@b.example; dmarc=fail (p=REJECT sp=NONE dis=NONE) header.from=b.example\r\nFrom: "A" <a@b.example>\r\n\r\nhello\r\n',
    'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=b.example; s=one; t=1; x=2; l=3; i=@b.example; q=dns/txt; z=a|b; h=From:To; bh=AAAA; b=BBBB\r\nFrom: a@b.example\r\n\r\nhello',
    'ARC-Authentication-Results: i=1; mx.c.example; arc=none\r\nReceived-SPF: pass (c.example: x) client-ip=192.0.2.1; receiver=c.example\r\nSubject: =?utf-8?q?=1B[2J?=\r\nFrom:\r\n\r\n',
  ],
  dictionary: [
    ...[
      'Received: ',
      'from ',
      ' by ',
      ' with ',
      ' (',
      ')',
      '[IPv6:',
      ']',
      '; ',
      '\r\n',
      '\r\n ',
      'Authentication-Results: ',
      'DKIM-Signature: ',
    ],
    ...[
      'dmarc=fail',
      '(p=REJECT dis=NONE)',
      'header.from=',
      'h=',
      'l=',
      '=?utf-8?q?=1B?=',
      '\u001b[2J',
      '\0',
      '@',
      'From: ',
    ],
  ],
  separators: ['\r\n', ';', ' ', '=', '('],
  open: () => ({ run }),
};

const nowMs = Date.UTC(2026, 10, 22);

async function run(input: Uint8Array): Promise<Outcome> {
  const explanation = await explainMessage(input, { nowMs });
  const lines = explanationLines(explanation, plainStyle);
  for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  assert.ok(lines.length < 20_000, `${lines.length} lines`);
  JSON.stringify(explanationDocument(explanation));
  return `${explanation.alignment.verdict} ${Math.min(lines.length, 60)}`;
}
