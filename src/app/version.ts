/** The version of this Posthorn, from package.json. */
import packageJson from '../../package.json' with { type: 'json' };

export const { version } = packageJson;
