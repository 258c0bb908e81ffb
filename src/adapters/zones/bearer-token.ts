/** Short-lived tokens of the large clouds: fetched with the long-lived credentials, kept until a minute before they end. */
import type { Clock } from '../../base/clock.ts';
import { accept } from '../../base/outcome.ts';
import type { EditorOptions } from '../../services/setup/zone-editor.ts';
import type { HostResult } from './call-host.ts';

export type BearerToken = { readonly token: string; readonly expiresInSeconds: number };

const spareMs = 60_000;

/** The header that proves who asks. */
export function bearerAuthorization(
  clock: Clock,
  fetchToken: (options: EditorOptions) => Promise<HostResult<BearerToken>>,
): (request: unknown, options: EditorOptions) => Promise<HostResult<{ readonly authorization: string }>> {
  let kept: { readonly token: string; readonly untilMs: number } | undefined;
  return async (_request, options) => {
    if (kept === undefined || clock.nowMs() >= kept.untilMs) {
      const fetched = await fetchToken(options);
      if (!fetched.ok) return fetched;
      const { token, expiresInSeconds } = fetched.value;
      kept = { token, untilMs: clock.nowMs() + expiresInSeconds * 1000 - spareMs };
    }
    return accept({ authorization: `Bearer ${kept.token}` });
  };
}
