import { azureCredentials, azureReplay } from '../../../test/support/dns-hosts/azure.ts';
import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { createAzureEditor } from './azure.ts';

hostContract({
  replay: azureReplay,
  editor: (world) => createAzureEditor(world, azureCredentials),
  secret: azureCredentials.secret,
  cannotHold: (type, value) => type === 'TXT' && /[^ -~]/.test(value),
});
