/** The catalogue of senders as this program carries it. A data file with a fault is a mistake of ours, and is named. */
import { readSenderFiles } from '../adapters/catalogue/read-sender-files.ts';
import { Bug } from '../base/outcome.ts';
import { readCatalogue } from '../services/setup/catalogue/catalogue.ts';
import type { Catalogue } from '../services/setup/types.ts';

export async function loadCatalogue(): Promise<Catalogue> {
  const read = readCatalogue(await readSenderFiles());
  if (!read.ok) throw new Bug(read.say);
  return read.value;
}
