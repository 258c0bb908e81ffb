/** A message's timeline as lines of text. What remote servers said is shown with control characters made visible. Pure. */
import type { TimelineStep } from '../../services/outbound/outbound.ts';
import type { Style } from './style.ts';

const labels: Readonly<Record<TimelineStep['step'], string>> = {
  accepted: 'accepted',
  signed: 'signed',
  route: 'route',
  connected: 'connected',
  tls: 'TLS',
  reply: 'reply',
  settled: 'settled',
  retry: 'retry',
  bounce: 'bounced',
};

export function timelineLines(steps: readonly TimelineStep[], style: Style): string[] {
  const startMs = steps[0]?.atMs ?? 0;
  return steps.map((step) => timelineLine(labels[step.step], visible(step.say), style, `+${step.atMs - startMs} ms`));
}

/** `text` must be `visible` already. */
export function timelineLine(label: string, text: string, style: Style, time = ''): string {
  return `   ${label.padEnd(10)}${style.dim(time.padStart(9))}  ${text}`.trimEnd();
}

/** Control characters become their hexadecimal code: foreign text must not drive the terminal. Style it afterwards. */
export function visible(text: string): string {
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
