/** A pure function of a text that remembers what it answered: for records that a few big senders share with everybody. Bounded. */

export type RememberLimits = {
  /** Texts kept; the oldest go first. */
  readonly textsMax: number;
  /** Longer texts are read anew each time, so that nobody can fill the memory with them. */
  readonly textMax: number;
};

export function remembering<T>(read: (text: string) => T, { textsMax, textMax }: RememberLimits): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const held = known.get(text);
    if (held !== undefined) return held;
    const answer = read(text);
    if (text.length > textMax) return answer;
    const [oldest] = known.size >= textsMax ? known.keys() : [];
    if (oldest !== undefined) known.delete(oldest);
    known.set(text, answer);
    return answer;
  };
}
