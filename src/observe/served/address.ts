import { parseServedAddress, type ServedAddress, type ServedProtocol } from '../../formats/served-address.ts';
import { servedError } from './errors.ts';

/** The address as one of `protocol`. OnparError `served-address` where it is another's. */
export function addressFor(protocol: ServedProtocol, spec: string, form: string): ServedAddress {
  const address = parseServedAddress(spec);
  if (address.protocol === protocol) return address;
  throw servedError('served-address', `${spec} is no address of \`${protocol}\``, `write ${form}`);
}
