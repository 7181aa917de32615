import type { RequestBudget } from "../auth/index.ts";
import type { ClientPath, PathReceiver } from "../net/index.ts";
import {
  attributes,
  methods,
  readAddress,
  readStunMessage,
  StunError,
  type StunMessage,
  writeAddress,
  writeStunMessage,
} from "../stun/index.ts";
import { allocate } from "./allocate.ts";
import { Allocation, type AllocationOwner } from "./allocation.ts";
import { channelBind, createPermission, refresh } from "./allocation-requests.ts";
import type { Allocations } from "./allocations.ts";
import { type Answer, refusal, success, unknownAttributes } from "./answer.ts";
import { AnswerMemory } from "./answer-memory.ts";
import type { Authenticator } from "./authenticator.ts";
import type { Counters } from "./counters.ts";
import type { PeerPolicy } from "./peer-policy.ts";
import type { TurnLimits } from "./turn-options.ts";
import type { RefusedEvent } from "./turn-stats.ts";

/** Answers that are kept for requests that are sent again; of about 100 bytes. */
const maxKeptAnswers = 8_192;

export interface RequestHandlerOptions {
  readonly limits: TurnLimits;
  readonly authenticator: Authenticator;
  readonly budget: RequestBudget;
  readonly allocations: Allocations;
  readonly policy: PeerPolicy;
  readonly counters: Counters;
  readonly nowMs: () => number;
  readonly allocated: (allocation: Allocation, lifetimeSeconds: number) => void;
  readonly refreshed: (allocation: Allocation, lifetimeSeconds: number) => void;
  readonly refused: (event: RefusedEvent) => void;
}

const methodNames: Readonly<Record<number, RefusedEvent["method"]>> = {
  [methods.allocate]: "allocate",
  [methods.refresh]: "refresh",
  [methods.createPermission]: "createPermission",
  [methods.channelBind]: "channelBind",
};

/** Takes the STUN messages of all clients and answers them. RFC 8489 section 6.3, RFC 8656 sections 7 to 12. */
export class RequestHandler implements PathReceiver {
  readonly #options: RequestHandlerOptions;
  readonly #answers = new AnswerMemory(maxKeptAnswers);

  constructor(options: RequestHandlerOptions) {
    this.#options = options;
  }

  stray(): void {
    this.#options.counters.drops.stray++;
  }

  stun(data: Uint8Array, path: ClientPath): void {
    let message: StunMessage;
    try {
      message = readStunMessage(data);
    } catch (error) {
      this.#malformed(error);
      return;
    }
    // An answer is never answered: two servers would do so for ever.
    if (message.messageClass === "indication") this.#indication(message, path);
    else if (message.messageClass !== "request") this.#options.counters.drops.malformed++;
    else if (message.method === methods.binding) this.#binding(message, path);
    else if (methodNames[message.method] !== undefined) this.#request(message, path);
    else this.#options.counters.drops.malformed++;
  }

  /** Forgets answers that nobody asks for again. */
  sweep(): void {
    this.#answers.sweep(this.#options.nowMs());
  }

  #malformed(error: unknown): void {
    if (!(error instanceof StunError)) throw error;
    this.#options.counters.drops.malformed++;
  }

  /** RFC 8656 section 11.2: what is wrong is dropped. Binding indications keep a NAT open. */
  #indication(message: StunMessage, path: ClientPath): void {
    if (message.method === methods.binding) return;
    const { session } = path;
    const peer = message.first(attributes.xorPeerAddress);
    const payload = message.first(attributes.data);
    if (
      message.method !== methods.send ||
      !(session instanceof Allocation) ||
      peer === undefined ||
      payload === undefined ||
      message.unknownRequired.length > 0
    ) {
      this.#options.counters.drops.malformed++;
      return;
    }
    try {
      session.send(readAddress(peer, message.transactionId), payload);
    } catch (error) {
      this.#malformed(error);
    }
  }

  #binding(message: StunMessage, path: ClientPath): void {
    const { family, address, port } = path;
    const answer =
      message.unknownRequired.length > 0
        ? unknownAttributes(message.unknownRequired)
        : success([
            attributes.xorMappedAddress,
            writeAddress({ family, address, port }, message.transactionId),
          ]);
    if (answer.type === "success") this.#options.counters.bindings++;
    this.#sendUnproved(message, path, answer);
  }

  #request(message: StunMessage, path: ClientPath): void {
    const allocation = path.session instanceof Allocation ? path.session : undefined;
    const proof = this.#options.authenticator.check(message, path, allocation?.owner);
    if (proof.type === "refused") {
      this.#sendUnproved(message, path, proof.answer);
      return;
    }
    const { owner } = proof;
    const transaction = Buffer.from(message.transactionId).toString("hex");
    const again =
      allocation?.transaction?.id === transaction && message.method === methods.allocate
        ? allocation.transaction.answer
        : this.#answers.find(path.key, transaction);
    if (again !== undefined) {
      path.send(again);
      return;
    }
    const answer = this.#answer(message, path, owner, allocation);
    const bytes = write(message, answer, owner.key);
    if (answer.type === "error") this.#refused(message, path, owner, answer.code, answer.reason);
    else this.#keep(message, path, transaction, bytes);
    path.send(bytes);
  }

  #keep(message: StunMessage, path: ClientPath, transaction: string, answer: Uint8Array): void {
    if (path.protocol !== "udp") return;
    this.#answers.keep(path.key, transaction, answer, this.#options.nowMs());
    const { session } = path;
    if (message.method === methods.allocate && session instanceof Allocation) {
      session.transaction = { id: transaction, answer };
    }
  }

  #answer(
    message: StunMessage,
    path: ClientPath,
    owner: AllocationOwner,
    allocation: Allocation | undefined,
  ): Answer {
    if (message.unknownRequired.length > 0) return unknownAttributes(message.unknownRequired);
    const isAllocate = message.method === methods.allocate;
    // One allocation per 5-tuple; the other methods need one.
    if (isAllocate !== (allocation === undefined)) return refusal(437);
    if (allocation === undefined) return this.#allocate(message, path, owner);
    if (owner.username !== allocation.owner.username) return refusal(441);
    const { policy, nowMs } = this.#options;
    try {
      switch (message.method) {
        case methods.createPermission:
          return createPermission(message, allocation, policy, nowMs());
        case methods.channelBind:
          return channelBind(message, allocation, policy, nowMs());
        default:
          return this.#refresh(message, allocation);
      }
    } catch (error) {
      if (error instanceof StunError) return refusal(400);
      throw error;
    }
  }

  #allocate(message: StunMessage, path: ClientPath, owner: AllocationOwner): Answer {
    const { allocations, limits, allocated } = this.#options;
    const { answer, allocation, lifetimeSeconds } = allocate(
      message,
      path,
      owner,
      allocations,
      limits,
    );
    if (allocation !== undefined) allocated(allocation, lifetimeSeconds);
    return answer;
  }

  #refresh(message: StunMessage, allocation: Allocation): Answer {
    const { allocations, limits, nowMs, refreshed } = this.#options;
    const { answer, lifetimeSeconds } = refresh(message, allocation, limits, nowMs());
    if (lifetimeSeconds === 0) allocations.release(allocation, "refresh");
    else if (lifetimeSeconds !== undefined) refreshed(allocation, lifetimeSeconds);
    return answer;
  }

  #refused(
    message: StunMessage,
    path: ClientPath,
    owner: AllocationOwner,
    code: number,
    reason: string,
  ): void {
    this.#options.counters.refuse(code);
    this.#options.refused({
      user: owner.quotaUser,
      client: `${path.address}:${path.port}`,
      protocol: path.protocol,
      method: methodNames[message.method] ?? "other",
      code,
      reason,
    });
  }

  /** Whoever sends with a false source address has little of it. */
  #sendUnproved(message: StunMessage, path: ClientPath, answer: Answer): void {
    const bytes = write(message, answer, undefined);
    const { budget, counters } = this.#options;
    if (path.protocol === "udp" && !budget.allows(path.address, message.raw.length, bytes.length)) {
      counters.drops.unauthenticated++;
      return;
    }
    if (answer.type === "error") counters.refuse(answer.code);
    path.send(bytes);
  }
}

const fingerprintBytes = 8;

function write(message: StunMessage, answer: Answer, key: Uint8Array | undefined): Uint8Array {
  const { raw, method, transactionId } = message;
  const at = raw.length - fingerprintBytes;
  // Who sends FINGERPRINT may need it to tell STUN from other packets. RFC 8489 section 7.
  const fingerprint =
    ((raw[at] as number) << 8) + (raw[at + 1] as number) === attributes.fingerprint &&
    raw[at + 3] === 4;
  return writeStunMessage(
    { messageClass: answer.type, method, transactionId, attributes: answer.attributes },
    key === undefined ? { fingerprint } : { key, fingerprint },
  );
}
