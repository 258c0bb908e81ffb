/** MSG-12: files that receivers take. */
import { asBuffer } from '../../../../../base/bytes.ts';
import { partContent } from '../../../../../format/message/part-tree.ts';
import { macroEndings, refusedEndings } from '../data/refused-files.ts';
import { count, failed, passed, seen, skipped, someOf, steps } from '../judged.ts';
import type { Attachment, Content, ContentRule } from '../types.ts';

export const attachments: ContentRule<'MSG-12'> = {
  id: 'MSG-12',
  judge: (content) => {
    const subject = 'attachments';
    const files = content.attachments;
    if (files.length === 0) return [skipped({ subject, meaning: 'Nothing is attached.' })];
    const refused = files.flatMap((file) => trouble(content, file) ?? []);
    const [first] = refused;
    if (first === undefined)
      return [passed({ subject, meaning: `${count(files.length, 'file')}, none of a kind that is refused.` })];
    const worst = refused.find(({ isLesser }) => !isLesser) ?? first;
    const evidence = someOf(refused, ({ file, say }) => seen('attachment', `${shown(file)}: ${say}`));
    const fix = steps('Put the file on a server of yours and link to it by https, or send the same content as PDF.');
    const meaning = `The attachment ${shown(worst.file)} is ${worst.say}.`;
    return [failed({ subject, meaning, evidence, fix, ...(worst.isLesser && { severity: 'warn' as const }) })];
  },
};

type Trouble = { readonly file: Attachment; readonly say: string; readonly isLesser?: boolean };

/** Marks that turn the direction of writing, so that `gpj.exe` reads `exe.jpg`. */
const turning = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

function trouble(content: Content, file: Attachment): Trouble | undefined {
  if (turning.test(file.name)) return { file, say: 'a file whose name is written to look like another' };
  const endings = file.name.toLowerCase().split('.').slice(1);
  const last = endings.at(-1)?.trim() ?? '';
  if (refusedEndings.has(last)) {
    const isDisguised = endings.length > 1;
    return {
      file,
      say: isDisguised
        ? `a program (.${last}) that looks like a .${endings.at(-2)} file`
        : `a program or script (.${last})`,
    };
  }
  if (isProgram(content, file)) return { file, say: 'a Windows program, whatever its name says' };
  return macroEndings.has(last) ? { file, say: `a document with macros (.${last})`, isLesser: true } : undefined;
}

/** The first octets of every Windows program; only looked at where they can be. */
function isProgram({ index }: Content, { part }: Attachment): boolean {
  if (part.kind !== 'leaf' || part.contentType.value.startsWith('text/') || part.end - part.bodyStart < 64)
    return false;
  const head = { ...part, end: Math.min(part.end, part.bodyStart + headOctets) };
  const octets = asBuffer(partContent(index, head));
  if (octets[0] !== 0x4d || octets[1] !== 0x5a) return false;
  const peAt = octets.length >= 0x40 ? octets.readUInt32LE(0x3c) : 0;
  return peAt > 0 && peAt + 2 <= octets.length && octets.toString('latin1', peAt, peAt + 2) === 'PE';
}
const headOctets = 4_096;

function shown({ name, type }: Attachment): string {
  const plain = name.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
  return plain === '' ? `(${type})` : plain.length > 80 ? `${plain.slice(0, 80)}…` : plain;
}
