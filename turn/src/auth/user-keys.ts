import { createHash } from "node:crypto";
import { defaultMaxUsernameBytes, methods } from "../stun/index.ts";
import { passwordOf } from "./credentials.ts";
import { RecentMap } from "./recent-map.ts";

/** MD5(user:realm:password), the key of MESSAGE-INTEGRITY. Secret. RFC 8489 section 9.2.2. */
export type Key = Uint8Array;

/** One key that a user may have, and whom its quota counts for. */
export interface UserKey {
  readonly key: Key;
  /** The part behind `expiry:` of a time-limited user name, otherwise the user name. */
  readonly quotaUser: string;
}

export interface UserKeys {
  /**
   * The keys that this user name may have: several while secrets rotate. Undefined when the user is unknown, or the
   * name is malformed, too long or, for Allocate only, expired: a session that has begun may go on.
   */
  find(username: string, method: number): readonly UserKey[] | undefined;
}

export interface UserKeysOptions {
  readonly realm: string;
  /** Shared secrets of time-limited credentials, newest first. None: only `users` may in. */
  readonly secrets: readonly string[];
  /** Passwords by user name. */
  readonly users: ReadonlyMap<string, string>;
  /** Milliseconds since 1970. */
  wallMs(): number;
  /** Of a user name, in UTF-8. Default 508. */
  readonly maxUsernameBytes?: number | undefined;
  /** User names whose keys are remembered at most. Default 1024. */
  readonly maxCachedUsers?: number | undefined;
}

/** Ten digits reach the year 2286; more would only be other spellings. */
const timeLimitedName = /^(\d{1,10}):(.+)$/s;
const defaultMaxCachedUsers = 1024;

/**
 * Long-term credentials (RFC 8489 section 9.2) of configured users and of whoever knows a shared secret
 * (draft-uberti-behave-turn-rest-00).
 * @throws RangeError when a secret, user name or password is empty: that would let everybody in.
 */
export function createUserKeys(options: UserKeysOptions): UserKeys {
  return new KnownUsers(options);
}

interface TimeLimited {
  readonly expiresAtSeconds: number;
  readonly keys: readonly UserKey[];
}

class KnownUsers implements UserKeys {
  readonly #realm: string;
  readonly #secrets: readonly string[];
  readonly #fixed: ReadonlyMap<string, readonly UserKey[]>;
  readonly #wallMs: () => number;
  readonly #maxUsernameBytes: number;
  readonly #cached: RecentMap<TimeLimited>;

  constructor(options: UserKeysOptions) {
    if (options.secrets.includes("")) throw new RangeError("a TURN secret is empty");
    for (const [username, password] of options.users) {
      if (username === "" || password === "") {
        throw new RangeError("a TURN user has no name or password");
      }
    }
    this.#realm = options.realm;
    this.#secrets = [...options.secrets];
    this.#wallMs = () => options.wallMs();
    this.#maxUsernameBytes = options.maxUsernameBytes ?? defaultMaxUsernameBytes;
    this.#cached = new RecentMap(options.maxCachedUsers ?? defaultMaxCachedUsers);
    this.#fixed = new Map(
      [...options.users].map(([username, password]) => [
        username,
        [{ key: keyOf(username, options.realm, password), quotaUser: username }],
      ]),
    );
  }

  find(username: string, method: number): readonly UserKey[] | undefined {
    // A character has one to three bytes: most names are decided by their length alone.
    if (username.length > this.#maxUsernameBytes) return undefined;
    const fixed = this.#fixed.get(username);
    if (fixed !== undefined) return fixed;
    const user = this.#timeLimited(username);
    if (user === undefined) return undefined;
    const expired = user.expiresAtSeconds * 1000 <= this.#wallMs();
    return expired && method === methods.allocate ? undefined : user.keys;
  }

  #timeLimited(username: string): TimeLimited | undefined {
    const known = this.#cached.get(username);
    if (known !== undefined) return known;
    const made = this.#make(username);
    if (made !== undefined) this.#cached.set(username, made);
    return made;
  }

  #make(username: string): TimeLimited | undefined {
    if (this.#secrets.length === 0) return undefined;
    if (Buffer.byteLength(username) > this.#maxUsernameBytes) return undefined;
    const [, expiry, quotaUser] = timeLimitedName.exec(username) ?? [];
    if (expiry === undefined || quotaUser === undefined) return undefined;
    const keys = this.#secrets.map((secret) => ({
      key: keyOf(username, this.#realm, passwordOf(secret, username)),
      quotaUser,
    }));
    return { expiresAtSeconds: Number(expiry), keys };
  }
}

/** RFC 8489 section 9.2.2, without PASSWORD-ALGORITHM: MD5. Names are used as they were sent, not normalised. */
function keyOf(username: string, realm: string, password: string): Key {
  return createHash("md5").update(`${username}:${realm}:${password}`).digest();
}
