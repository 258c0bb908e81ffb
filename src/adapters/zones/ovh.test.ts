import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { ovhCredentials, ovhReplay } from '../../../test/support/dns-hosts/ovh.ts';
import { createOvhEditor } from './ovh.ts';

hostContract({
  replay: ovhReplay,
  editor: (world) => createOvhEditor(world, ovhCredentials),
  secret: ovhCredentials.applicationSecret,
  cannotHold: (type, value) => type === 'TXT' && /[^ -~]/.test(value),
});
