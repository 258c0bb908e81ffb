/**
 * What people paste: the refusal of a server, a bounce, a DNS record, anything into the one box. Explained or said to be nothing known,
 * and never a word of theirs that drives the terminal.
 */
import assert from 'node:assert/strict';
import { fromUtf8 } from '../../../src/base/bytes.ts';
import { bounceLines } from '../../../src/entrances/cli/render-bounce.ts';
import { recordLines } from '../../../src/entrances/cli/render-record.ts';
import { plainStyle } from '../../../src/entrances/cli/style.ts';
import { whichTool } from '../../../src/entrances/cli/which-tool.ts';
import { explainBounce, explainRecord, readBounce } from '../../../src/services/advice/advice.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

export const pasted: FuzzTarget = {
  name: 'pasted',
  seeds: () => [
    '550-5.7.26 Your email has been blocked because the sender is unauthenticated. - gsmtp\r\n550 5.7.26 ours',
    'host mx.a.example[192.0.2.1] said: 421 4.7.0 [TSS04] Messages from 192.0.2.2 temporarily deferred (in reply to MAIL FROM)',
    'Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n--b--\r\n',
    'v=spf1 include:_spf.a.example -ip4:192.0.2.0/24 mx:b.example exists:%{i}.c.example redirect=d.example ~all',
    'v=DMARC1; p=reject; sp=none; np=reject; rua=mailto:a@b.example; pct=50; t=y; psd=n; fo=1',
    'v=DKIM1; k=rsa; t=y:s; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA',
    'v=STSv1; id=1;',
    'v=TLSRPTv1; rua=mailto:a@b.example,https://c.example/',
    'https://www.a.example/x?y=1',
    'ph1._domainkey.a.example',
  ],
  dictionary: [
    ...['550 ', '550-', '5.7.26', '#5.1.0', 'gsmtp', 'outlook.com', '[TSS04]', 'user unknown', 'relay access denied'],
    ...[
      'sender ',
      'domain not found',
      'mailbox ',
      'does not exist',
      'unauthenticated email from ',
      '\u001b[2J',
      '\0',
      '\u202e',
    ],
    ...['v=spf1 ', 'v=DMARC1; ', 'p=', 'include:', '%{', '_dmarc.', '@', '://', '<', '>'],
  ],
  separators: ['\r\n', ';', ' ', '=', ':'],
  open: () => ({ run }),
};

function run(input: Uint8Array): Outcome {
  const text = fromUtf8(input);
  const bounces = readBounce(input).map((reply) => explainBounce(reply));
  const record = explainRecord(text);
  const lines = [
    ...bounces.flatMap((one) => bounceLines(one, plainStyle, 80)),
    ...(record === undefined ? [] : recordLines(record, plainStyle, 80)),
  ];
  for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  assert.ok(lines.length < 3_000, `${lines.length} lines`);
  return `${bounces[0]?.by ?? 'none'} ${record?.kind ?? ''} ${whichTool(text)?.kind ?? ''}`;
}
