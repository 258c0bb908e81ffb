import { desecReplay, desecToken } from '../../../test/support/dns-hosts/desec.ts';
import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { createDesecEditor } from './desec.ts';

hostContract({
  replay: desecReplay,
  editor: (world) => createDesecEditor(world, { token: desecToken }),
  secret: desecToken,
});
