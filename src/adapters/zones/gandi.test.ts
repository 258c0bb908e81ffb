import { gandiReplay, gandiToken } from '../../../test/support/dns-hosts/gandi.ts';
import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { createGandiEditor } from './gandi.ts';

hostContract({
  replay: gandiReplay,
  editor: (world) => createGandiEditor(world, { token: gandiToken }),
  secret: gandiToken,
});
