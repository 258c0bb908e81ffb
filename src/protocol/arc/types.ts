/** What validating an Authenticated Received Chain answers. RFC 8617 §4.4, §5.2 */
import type { DomainName } from '../../format/domain-name.ts';

/** `unchecked`: the result was clear before, or so many are not looked at. */
export type ArcCheck = 'pass' | 'fail' | 'unchecked';

/** One ARC Set: what one hop added. */
export type ArcSet = {
  readonly instance: number;
  /** What the hop said of the chain before it. */
  readonly cv: 'none' | 'pass' | 'fail';
  /** d= and s= of the ARC-Seal. */
  readonly domain: DomainName;
  readonly selector: string;
  /** Who wrote the ARC-Authentication-Results; '' when that cannot be read. Text of a stranger. */
  readonly authservId: string;
  readonly seal: ArcCheck;
  readonly signature: ArcCheck;
};

export type ArcResult = {
  readonly result: 'none' | 'pass' | 'fail';
  /** The lowest instance whose message signature still verifies; 0 = all of them. RFC 8617 §5.2 (5) */
  readonly oldestPass?: number;
  /** Lowest instance first; empty when the sets cannot even be put in order. */
  readonly chain: readonly ArcSet[];
  /** A failure of the DNS is the cause: later the chain may pass. */
  readonly temporary?: true;
  /** Why not `pass`; our own words. */
  readonly reason?: string;
};
