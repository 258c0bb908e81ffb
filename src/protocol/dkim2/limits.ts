/** How much of a stranger's DKIM2 we look at. */

export const dkim2Limits = {
  /** Ours: as many hops as an ARC chain may have (RFC 8617 §4.2.1). */
  signaturesMax: 50,
  instancesMax: 50,
  /** Ours. dkim2-spec-05 §8.9 allows two for each of two algorithms; the rest is for algorithms to come. */
  setsMax: 8,
  /** Ours: of all signatures together, since each costs a query and a public-key operation. */
  setsInAllMax: 100,
  /** RFC 5321 §4.5.3.1.8: no server has to take more recipients at once. */
  recipientsMax: 100,
  /** Ours: what is left of the 256 KB that we read of a header when it is taken out of base64. */
  recipeOctetsMax: 196_608,
  /** Ours: of one recipe. */
  recipeStepsMax: 10_000,
  /** Ours: bodies gone through to undo what was done to them, five times the largest message that an office takes; under a second. */
  undoneOctetsMax: 134_217_728,
  /** dkim2-spec-03 §3.2: 1024 to 2048 bit must be verified, more may be. Twice what DKIM takes; 0.4 ms each. */
  keyBitsMax: 8_192,
  /** dkim2-spec-03 §8.3 */
  nonceMax: 64,
  /** dkim2-spec-03 §8.4: up to 10^12 at least; this is what a number holds exactly. */
  timeDigitsMax: 15,
  /** dkim2-spec-03 §11.3 */
  ageSecondsMax: 14 * 86_400,
} as const;
