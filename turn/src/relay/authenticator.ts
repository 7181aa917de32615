import type { Nonces, UserKeys } from "../auth/index.ts";
import type { ClientPath } from "../net/index.ts";
import { attributes, hasIntegrity, type StunMessage } from "../stun/index.ts";
import type { AllocationOwner } from "./allocation.ts";
import { type Answer, refusal } from "./answer.ts";

export type Authentication =
  | { readonly type: "proved"; readonly owner: AllocationOwner }
  /** Proves nothing: the answer has no MESSAGE-INTEGRITY. */
  | { readonly type: "refused"; readonly answer: Answer };

/** Long-term credentials. RFC 8489 section 9.2.4. */
export class Authenticator {
  readonly #realm: Uint8Array;
  readonly #nonces: Nonces;
  readonly #users: () => UserKeys;

  /** `users` is asked at each request, as they may change. */
  constructor(realm: string, nonces: Nonces, users: () => UserKeys) {
    this.#realm = Buffer.from(realm, "utf8");
    this.#nonces = nonces;
    this.#users = users;
  }

  /** `known` owns the path's allocation; its key holds for as long as that lives. */
  check(
    message: StunMessage,
    path: ClientPath,
    known: AllocationOwner | undefined,
  ): Authentication {
    if (message.integrityOffset === undefined) return this.#challenge(401, path);
    const username = message.first(attributes.username);
    const nonce = message.first(attributes.nonce);
    if (username === undefined || nonce === undefined || !message.first(attributes.realm)) {
      return { type: "refused", answer: refusal(400) };
    }
    // First, as it needs no user: nobody has passwords tried from an address that is not theirs.
    if (this.#nonces.check(Buffer.from(nonce).toString("latin1"), path.key) !== "valid") {
      return this.#challenge(438, path);
    }
    const name = Buffer.from(username).toString("utf8");
    if (known?.username === name && hasIntegrity(message, known.key)) {
      return { type: "proved", owner: known };
    }
    for (const { key, quotaUser } of this.#users().find(name, message.method) ?? []) {
      if (hasIntegrity(message, key)) {
        return { type: "proved", owner: { username: name, quotaUser, key } };
      }
    }
    return this.#challenge(401, path);
  }

  #challenge(code: 401 | 438, path: ClientPath): Authentication {
    const nonce = Buffer.from(this.#nonces.issue(path.key), "latin1");
    const answer = refusal(code, [attributes.realm, this.#realm], [attributes.nonce, nonce]);
    return { type: "refused", answer };
  }
}
