import { googleAccount, googleReplay, googleToken } from '../../../test/support/dns-hosts/google.ts';
import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { createGoogleEditor } from './google.ts';

hostContract({
  replay: googleReplay,
  editor: (world) => createGoogleEditor(world, googleAccount),
  secret: googleToken,
});
