import { hetznerReplay, hetznerToken } from '../../../test/support/dns-hosts/hetzner.ts';
import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { createHetznerEditor } from './hetzner.ts';

hostContract({
  replay: hetznerReplay,
  editor: (world) => createHetznerEditor(world, { token: hetznerToken }),
  secret: hetznerToken,
});
