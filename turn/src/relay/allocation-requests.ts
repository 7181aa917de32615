import { attributes, readAddress, type SocketAddress, type StunMessage } from "../stun/index.ts";
import type { Allocation } from "./allocation.ts";
import { type Answer, refusal, success } from "./answer.ts";
import { firstChannel, lastChannel } from "./data-header.ts";
import { grantedSeconds, type LifetimeLimits, lifetimeValue } from "./lifetime.ts";
import type { PeerPolicy } from "./peer-policy.ts";

/** RFC 8656 section 8.2. `lifetimeSeconds` 0: the allocation must end. Undefined when it was refused. */
export function refresh(
  message: StunMessage,
  allocation: Allocation,
  limits: LifetimeLimits,
  nowMs: number,
): { readonly answer: Answer; readonly lifetimeSeconds: number | undefined } {
  const family = message.first(attributes.requestedAddressFamily);
  if (family !== undefined && family[0] !== (allocation.relayed.family === 4 ? 1 : 2)) {
    return { answer: refusal(443), lifetimeSeconds: undefined };
  }
  const lifetimeSeconds = grantedSeconds(message, limits);
  if (lifetimeSeconds === undefined) return { answer: refusal(400), lifetimeSeconds };
  if (lifetimeSeconds > 0) allocation.expiresMs = nowMs + lifetimeSeconds * 1000;
  const answer = success([attributes.lifetime, lifetimeValue(lifetimeSeconds)]);
  return { answer, lifetimeSeconds };
}

/** RFC 8656 section 10.2: all peers or none. */
export function createPermission(
  message: StunMessage,
  allocation: Allocation,
  policy: PeerPolicy,
  nowMs: number,
): Answer {
  const peers: string[] = [];
  for (const value of message.all(attributes.xorPeerAddress)) {
    const peer = readAddress(value, message.transactionId);
    if (peer.family !== allocation.relayed.family) return refusal(443);
    if (!policy.permits(peer.address)) return refusal(403);
    peers.push(peer.address);
  }
  if (peers.length === 0) return refusal(400);
  if (!allocation.peers.permit(peers, nowMs)) return refusal(508);
  allocation.followChannels();
  allocation.nextExpiryMs = 0;
  return success();
}

/** RFC 8656 section 12.2. */
export function channelBind(
  message: StunMessage,
  allocation: Allocation,
  policy: PeerPolicy,
  nowMs: number,
): Answer {
  const number = message.first(attributes.channelNumber);
  const value = message.first(attributes.xorPeerAddress);
  if (number?.length !== 4 || value === undefined) return refusal(400);
  const channel = ((number[0] as number) << 8) | (number[1] as number);
  if (channel < firstChannel || channel > lastChannel) return refusal(400);
  const peer: SocketAddress = readAddress(value, message.transactionId);
  if (peer.family !== allocation.relayed.family) return refusal(443);
  if (peer.port === 0) return refusal(400);
  const route = policy.route(peer);
  if (route === undefined) return refusal(403);
  const bound = allocation.peers.bind(channel, peer, route, nowMs);
  if (bound === "conflict") return refusal(400);
  if (bound === "full") return refusal(508);
  allocation.followChannels();
  allocation.nextExpiryMs = 0;
  return success();
}
