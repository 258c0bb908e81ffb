/**
 * Signals are for operators (log lines, metrics), events for users. Engines are silent; services, adapters and entrances emit.
 * One port per office: two offices may live in one process. Fields hold no message text and no secret.
 */
export type SignalFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Signals {
  /** `name` is `<area>.<what_happened>` in snake_case: `smtp.connection_opened`. `app/telemetry.ts` lists those that are metrics. */
  readonly emit: (level: 'debug' | 'info' | 'warn' | 'error', name: string, fields?: SignalFields) => void;
}

export const silentSignals: Signals = { emit: () => {} };
