/** The settings as `config explain` shows them: each value as it would stand in posthorn.toml, and where it comes from. Pure. */
import type { SettingFacts } from '../entrances/cli/cli-host.ts';
import { type ConfigRead, environmentName } from './config.ts';
import { parseDurationMs, type SettingName, settings } from './settings.ts';

export function explainSettings({ config, origins }: ConfigRead): SettingFacts[] {
  return (Object.keys(settings) as SettingName[]).map((name) => {
    const { fallback, doc } = settings[name];
    const origin = origins.get(name);
    return {
      name,
      // Only `data` has a default that depends on where the program lies.
      value: origin === undefined && name !== 'data' ? fallback : written(config[name], isDuration(fallback)),
      fallback,
      origin,
      environment: environmentName(name),
      doc,
    };
  });
}

function isDuration(fallback: unknown): boolean {
  const first: unknown = Array.isArray(fallback) ? fallback[0] : fallback;
  return typeof first === 'string' && parseDurationMs(first) !== undefined;
}

/** From what was read back to how it is written. */
function written(value: unknown, isTime: boolean): unknown {
  if (typeof value === 'number') return isTime ? writtenDuration(value) : value;
  if (Array.isArray(value))
    return value.length > 0 && value.every(isRoute) ? writtenRoutes(value) : value.map((one) => written(one, isTime));
  if (typeof value !== 'object' || value === null) return value;
  if ('address' in value && 'port' in value) {
    const address = String(value.address);
    return `${address.includes(':') ? `[${address}]` : address}:${value.port}`;
  }
  if ('at' in value && 'proxyFrom' in value) {
    const proxyFrom = written(value.proxyFrom, false) as readonly unknown[];
    const at = written(value.at, false);
    return proxyFrom.length === 0 ? at : { at, proxy_protocol_from: proxyFrom };
  }
  return 'text' in value ? value.text : value;
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

function writtenDuration(ms: number): string {
  const unit = units.find(([, size]) => ms >= size && ms % size === 0);
  return unit ? `${ms / unit[1]}${unit[0]}` : `${ms}ms`;
}

type WrittenRoute = { readonly pattern: string; readonly host: string; readonly port: number };

function isRoute(value: unknown): value is WrittenRoute {
  return typeof value === 'object' && value !== null && 'pattern' in value;
}

function writtenRoutes(routes: readonly WrittenRoute[]): unknown {
  return Object.fromEntries(
    routes.map(({ pattern, host, port }) => [pattern, `${host.includes(':') ? `[${host}]` : host}:${port}`]),
  );
}
