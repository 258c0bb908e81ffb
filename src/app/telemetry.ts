/**
 * Makes log lines and metrics out of signals, per office: nothing here is global to the process. The table below says which
 * signals are counted and by what; a metric's labels are bounded words, never addresses or names.
 */
import { type Logger, pino } from 'pino';
import { Counter, Gauge, Registry } from 'prom-client';
import type { SignalFields, Signals } from '../base/port/signals.ts';

type Metric = { readonly name: string; readonly help: string; readonly labels: readonly string[] };

/** Signal -> counter. */
const counted: Readonly<Record<string, Metric>> = {
  'outbound.attempt': {
    name: 'posthorn_delivery_attempts_total',
    help: 'Attempts to deliver, by what came of them and the state they led to',
    labels: ['kind', 'state'],
  },
  'outbound.stale_write_refused': {
    name: 'posthorn_stale_writes_total',
    help: 'Writes of workers that had lost their lease',
    labels: [],
  },
  'inbound.message': {
    name: 'posthorn_inbound_messages_total',
    help: 'Messages from other servers, by what our MX did and what DMARC said',
    labels: ['disposition', 'dmarc'],
  },
  'tls.session': {
    name: 'posthorn_tls_sessions_total',
    help: 'TLS sessions with other servers, by the policy that held and how it went (RFC 8460)',
    labels: ['policy', 'result'],
  },
  'smtp.connection_opened': {
    name: 'posthorn_smtp_connections_total',
    help: 'SMTP connections accepted, by listener',
    labels: ['listener'],
  },
  'smtp.connection_refused': {
    name: 'posthorn_smtp_refused_total',
    help: 'SMTP connections turned away by a limit',
    labels: ['listener'],
  },
  'http.request': {
    name: 'posthorn_http_requests_total',
    help: 'HTTP requests by method and status',
    labels: ['method', 'status'],
  },
};

export type Telemetry = {
  readonly signals: Signals;
  /** Text in Prometheus' format. */
  readonly metrics: () => Promise<string>;
  /** A value read when somebody asks. */
  readonly gauge: (name: string, help: string, read: () => Promise<number> | number) => void;
};

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** @param write takes whole lines of JSON */
export function createTelemetry(options: {
  readonly level: LogLevel;
  readonly office: string;
  readonly write: (line: string) => void;
}): Telemetry {
  const registry = new Registry();
  const log = pino(
    { level: options.level, base: { office: options.office }, messageKey: 'signal' },
    { write: (line: string) => options.write(line.replace(unseen, escapeUnit)) },
  );
  const counters = new Map(
    Object.entries(counted).map(([signal, { name, help, labels }]) => [
      signal,
      { labels, counter: new Counter({ name, help, labelNames: [...labels], registers: [registry] }) },
    ]),
  );
  return {
    signals: {
      emit: (level, name, fields = {}) => {
        const metric = counters.get(name);
        if (metric)
          metric.counter.inc(Object.fromEntries(metric.labels.map((label) => [label, String(fields[label] ?? '')])));
        write(log, level, name, fields);
      },
    },
    metrics: () => registry.metrics(),
    gauge: (name, help, read) => {
      new Gauge({
        name,
        help,
        registers: [registry],
        async collect() {
          this.set(await read());
        },
      });
    },
  };
}

/**
 * JSON escapes the controls of ASCII. These it leaves as they are, and a terminal or a viewer obeys them: DEL and the controls of
 * ISO 6429, line ends of Unicode, marks that turn the direction of the text, and the mark of byte order (CWE-117).
 */
const unseen = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function write(log: Logger, level: LogLevel, name: string, fields: SignalFields): void {
  log[level](fields, name);
}
