/** How the command line marks what matters: colours where the terminal has them, plain text elsewhere. Never colour alone. */
import { styleText } from 'node:util';

export type Style = {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
};

const same = (text: string) => text;
export const plainStyle: Style = { bold: same, dim: same, good: same, bad: same };

/** The caller has decided that the other end shows colours (a terminal, and no NO_COLOR). */
export const colourStyle: Style = {
  bold: (text) => styleText('bold', text, { validateStream: false }),
  dim: (text) => styleText('dim', text, { validateStream: false }),
  good: (text) => styleText('green', text, { validateStream: false }),
  bad: (text) => styleText('red', text, { validateStream: false }),
};
