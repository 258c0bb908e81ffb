/** BLK-02: the address of one-click takes a POST without login, and takes it twice. Judged only where somebody tried. */
import { failed, passed, seen, skipped, steps, unknown } from '../../content/judged.ts';
import type { BulkRule, OneClickAnswer } from '../types.ts';

export const oneClickWorks: BulkRule<'BLK-02'> = {
  id: 'BLK-02',
  judge: ({ stream }) => {
    const subject = 'unsubscribe address';
    const probe = stream?.oneClick;
    if (probe === undefined) {
      const whyNot = stream?.oneClickNotTried;
      if (whyNot !== undefined)
        return [unknown({ subject, meaning: `One-click unsubscribe was not tried: ${whyNot}.` })];
      return [skipped({ subject, meaning: 'Nobody tried it: a try would unsubscribe the recipient.' })];
    }
    const evidence = [seen('first POST', shown(probe.first)), seen('second POST', shown(probe.second))];
    if (probe.first.status === 0) return [unknown({ subject, meaning: 'The address could not be reached.', evidence })];
    if (isGood(probe.first) && probe.second.status === 0)
      return [unknown({ subject, meaning: 'The first click worked; the second time no answer came.', evidence })];
    const trouble = whatIsWrong(probe.first) ?? (isGood(probe.second) ? undefined : 'A second click gets an error.');
    if (trouble === undefined)
      return [passed({ subject, meaning: 'One click unsubscribes, two do no harm.', evidence })];
    const fix = steps(
      'Answer the POST with 200 at the address itself: no redirect, no login, no page that asks again.',
      'Answer the same when it comes again.',
    );
    return [failed({ subject, meaning: trouble, evidence, fix })];
  },
};

function isGood({ status }: OneClickAnswer): boolean {
  return status >= 200 && status < 300;
}

// RFC 8058 §3.1, §3.2
function whatIsWrong(answer: OneClickAnswer): string | undefined {
  const { status } = answer;
  if (isGood(answer)) return undefined;
  if (status >= 300 && status < 400) return 'The address sends mail programs elsewhere, which they do not follow.';
  if (status === 401 || status === 403) return 'The address wants a login.';
  if (status === 404 || status === 410) return 'There is nothing at the address.';
  return status === 405 ? 'The address takes no POST.' : 'The address answers with an error.';
}

function shown({ status, say }: OneClickAnswer): string {
  return status === 0 ? (say ?? 'no answer') : `${status}`;
}
