import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction, Socket } from 'node:net';
import { buildConnector } from 'undici';
import { type EndpointPolicy, isPrivateAddress } from '../core/endpoint-guard.ts';

const SECOND = 1_000;
/** How long a TCP and TLS connection may take; a host that drops packets is given up after this, long before most runs' deadlines. */
const CONNECT_TIMEOUT_MS = 10 * SECOND;

/** The endpoint is, or its name resolves to, an address the policy forbids; nothing was sent. */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
}

/** Opens a connection and hands it to the callback, as undici wants it; returns the socket while it still connects, for whoever gives up on it. */
export type Connect = (options: buildConnector.Options, callback: buildConnector.Callback) => Socket | null;

/**
 * A connector for undici that refuses private addresses unless the policy allows them: a literal address here, since Node never asks
 * `lookup` about one (9 of 11 spellings of loopback got past a guard in `lookup` alone), and a name by all the addresses it resolves to.
 *
 * @param lookup resolves names; tests inject one that lies
 */
export function makeGuardedConnector(policy: EndpointPolicy, lookup: LookupFunction = systemLookup): Connect {
  const open = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    allowH2: false,
    lookup: policy.allowPrivate ? lookup : guardedLookup(lookup),
  });
  return (options, callback) => {
    if (!policy.allowPrivate && isIP(options.hostname) && isPrivateAddress(options.hostname)) {
      callback(new BlockedAddressError(options.hostname), null);
      return null;
    }
    return asSocket(open(options, callback));
  };
}

/** Wraps a resolver so that a name with even one private address resolves to nothing: which one is dialed is not ours to choose. */
export function guardedLookup(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, answer, family) => {
      if (error) {
        callback(error, options.all ? [] : '');
        return;
      }
      const addresses: LookupAddress[] =
        typeof answer === 'string' ? [{ address: answer, family: family ?? isIP(answer) }] : answer;
      const [first] = addresses;
      if (first === undefined || addresses.some(({ address }) => isPrivateAddress(address))) {
        callback(new BlockedAddressError(hostname), options.all ? [] : '');
      } else if (options.all) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

/** buildConnector returns its socket although its types say nothing; without it a hopeless connection lives on until it times out. */
function asSocket(returned: unknown): Socket | null {
  return returned instanceof Socket ? returned : null;
}
