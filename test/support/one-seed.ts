/**
 * Before any test: what properties are tried with is the same in every run, so that a run fails by a change and never by a draw.
 * `POSTHORN_SEED=random npm test` draws afresh, and fast-check prints the seed of what fails.
 */
import fc from 'fast-check';

const asked = process.env.POSTHORN_SEED ?? '1';

export const seed = asked === 'random' ? Math.floor(Math.random() * 2 ** 31) : Number(asked);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
