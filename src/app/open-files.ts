/**
 * Keeps the connections of all listeners within what this process may open: who runs out of descriptors can accept nobody and store
 * nothing. Node has raised the soft limit to the hard one before we look.
 */
import { readFileSync } from 'node:fs';

/** Database, log, name servers, listeners, and a little for the unforeseen. */
const ownFiles = 64;
/** A connection, and the file of a body too large for a row. */
const filesPerConnection = 2;
/** Connections to other servers that are kept for the next message. */
const keptConnections = 200;

/**
 * Sockets that accept for one listener, in a process that may open many files: each takes one connection in a turn of the loop. One
 * fell behind at 1,000 connections a second; the more there are, the larger the share that a flood takes of each turn.
 */
const acceptorsMany = 4;
const manyFiles = 1_024;

export function acceptorsWithin(openFiles: number | undefined): number {
  return openFiles === undefined || openFiles >= manyFiles ? acceptorsMany : 1;
}

/** The limit of open files (`ulimit -n`); undefined where the system does not tell. */
export function openFilesMax(): number | undefined {
  try {
    return parseOpenFiles(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return undefined; // not Linux
  }
}

export function parseOpenFiles(limits: string): number | undefined {
  const [, soft] = /^Max open files +(\d+)/m.exec(limits) ?? []; // `unlimited` is no number, and no limit
  return soft === undefined ? undefined : Number(soft);
}

/** What one listener may hold: `wanted`, or its share of what is left beside everything else. */
export function connectionsWithin(
  openFiles: number | undefined,
  office: { readonly wanted: number; readonly listeners: number; readonly deliveries: number },
): number {
  if (openFiles === undefined) return office.wanted;
  const reserve = ownFiles + keptConnections + office.deliveries * filesPerConnection;
  const left = openFiles - Math.min(reserve, openFiles / 2);
  const shares = Math.max(office.listeners, 1);
  return Math.max(Math.min(office.wanted, Math.floor(left / filesPerConnection / shares)), 1);
}
