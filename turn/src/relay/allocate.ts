import type { ClientPath } from "../net/index.ts";
import { attributes, type StunMessage, writeAddress } from "../stun/index.ts";
import type { Allocation, AllocationOwner } from "./allocation.ts";
import type { AllocateRequest, Allocations } from "./allocations.ts";
import { type Answer, refusal, success } from "./answer.ts";
import { grantedSeconds, type LifetimeLimits, lifetimeValue } from "./lifetime.ts";

/** IANA protocol number. RFC 8656 section 18.7. */
const udp = 17;

export interface AllocateOutcome {
  readonly answer: Answer;
  /** The new allocation; undefined when it was refused. */
  readonly allocation?: Allocation;
  readonly lifetimeSeconds: number;
}

/** RFC 8656 section 7.2, after authentication and for a path without an allocation. */
export function allocate(
  message: StunMessage,
  path: ClientPath,
  owner: AllocationOwner,
  allocations: Allocations,
  limits: LifetimeLimits,
): AllocateOutcome {
  // 4. REQUESTED-TRANSPORT.
  const transport = message.first(attributes.requestedTransport);
  if (transport?.length !== 4) return refused(400);
  if (transport[0] !== udp) return refused(442);
  // 5. DONT-FRAGMENT: Linux sends UDP with DF set as it is.
  // 6. to 9. RESERVATION-TOKEN, REQUESTED-ADDRESS-FAMILY, EVEN-PORT.
  const family = requestedFamily(message);
  if (typeof family === "object") return family;
  const port = requestedPort(message);
  if (port === undefined) return refused(400);
  // 10. to 12.
  const granted = grantedSeconds(message, limits);
  if (granted === undefined) return refused(400);
  const lifetimeSeconds = granted === 0 ? limits.minLifetimeSeconds : granted;
  const result = allocations.allocate({ owner, path, family, port, lifetimeSeconds });
  if (result.type === "refused") return refused(result.code);
  const { allocation, token } = result;
  const id = message.transactionId;
  const { address, port: clientPort, family: clientFamily } = path;
  const client = { family: clientFamily, address, port: clientPort };
  const answer = success(
    [attributes.xorRelayedAddress, writeAddress(allocation.relayed, id)],
    [attributes.lifetime, lifetimeValue(lifetimeSeconds)],
    [attributes.xorMappedAddress, writeAddress(client, id)],
    ...(token === undefined ? [] : ([[attributes.reservationToken, token]] as const)),
  );
  return { answer, allocation, lifetimeSeconds };
}

function refused(code: 400 | 440 | 442 | 486 | 508): AllocateOutcome {
  return { answer: refusal(code), lifetimeSeconds: 0 };
}

/** RFC 8656 section 18.6. */
function requestedFamily(message: StunMessage): 4 | 6 | AllocateOutcome {
  const value = message.first(attributes.requestedAddressFamily);
  if (value === undefined) return 4;
  if (value.length !== 4) return refused(400);
  if (value[0] === 1) return 4;
  return value[0] === 2 ? 6 : refused(440);
}

function requestedPort(message: StunMessage): AllocateRequest["port"] | undefined {
  const token = message.first(attributes.reservationToken);
  const even = message.first(attributes.evenPort);
  if (token !== undefined) {
    const alone = even === undefined && !message.first(attributes.requestedAddressFamily);
    return token.length === 8 && alone ? { token } : undefined;
  }
  if (even === undefined) return "any";
  if (even.length !== 1) return undefined;
  return ((even[0] as number) & 0x80) !== 0 ? "pair" : "even";
}
