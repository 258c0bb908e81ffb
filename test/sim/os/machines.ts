/** Which machine a path belongs to: the product's calls of the system name nothing else. */
import type { Life, Machine } from '../machine.ts';

const machines = new Map<string, Machine>();

export function plugIn(machine: Machine): () => void {
  machines.set(machine.folder, machine);
  return () => {
    machines.delete(machine.folder);
    machine.closeFiles();
  };
}

export function machineOf(path: string): Machine | undefined {
  for (const [folder, machine] of machines) if (path === folder || path.startsWith(`${folder}/`)) return machine;
  return undefined;
}

/** The process that calls: on each machine one lives. */
export function lifeOf(path: string): Life | undefined {
  return machineOf(path)?.life;
}
