/** `posthorn auth FILE`: one message judged by every engine, and with `--experimental-dkim2` by DKIM2 beside them, which changes nothing. */
import { authReportDocument } from '../../protocol/auth-report-json.ts';
import { createAuthenticator } from '../../protocol/authenticate.ts';
import { dkim2Document } from '../../protocol/dkim2/document.ts';
import { judgeDkim2 } from '../../protocol/judge-dkim2.ts';
import type { Answer } from './answer.ts';
import { exits } from './exits.ts';
import { findSession, readMessageFile, type SessionOptions } from './message-file.ts';
import { authLines, dkim2Lines } from './render-auth.ts';
import type { Run } from './run.ts';

export type FileOptions = SessionOptions & {
  readonly rcptTo?: readonly string[];
  readonly experimentalDkim2?: boolean;
};

export async function judgeFile(run: Run, options: FileOptions, file: string): Promise<Answer> {
  const message = await readMessageFile(run.host, file);
  const { remoteAddress, helo = '', mailFrom } = findSession(message, options);
  const deps = { resolver: await run.resolver(), clock: await run.clock() };
  const authenticator = createAuthenticator(deps);
  const session = { remoteAddress: remoteAddress ?? '', helo, mailFrom: mailFrom ?? '' };
  const envelope = {
    ...(mailFrom !== undefined && { mailFrom }),
    ...(options.rcptTo !== undefined && { rcptTo: options.rcptTo }),
  };
  const [report, dkim2] = await Promise.all([
    authenticator.authenticate(message, session),
    options.experimentalDkim2 ? judgeDkim2(message, envelope, deps) : undefined,
  ]);
  return {
    exit: ['fail', 'permerror', 'temperror'].includes(report.dmarc.result) ? exits.problems : exits.ok,
    document: { ...authReportDocument(report), ...(dkim2 && { dkim2: dkim2Document(dkim2) }) },
    value: report.dmarc.result,
    lines: (style, columns) => [
      ...authLines(report, remoteAddress !== undefined, style, columns),
      ...(dkim2 === undefined ? [] : ['', ...dkim2Lines(dkim2, style, columns)]),
    ],
  };
}
