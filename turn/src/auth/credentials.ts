import { createHmac } from "node:crypto";

/** A user name and password that a TURN server with the same shared secret accepts until they expire. */
export interface TurnCredentials {
  readonly username: string;
  /** Secret: goes only to the client it was made for. */
  readonly password: string;
}

/**
 * Time-limited credentials as coturn's `use-auth-secret` checks them: the user name is
 * `expiry:user` with the expiry in seconds since 1970, the password base64(HMAC-SHA1(secret, user name)).
 * draft-uberti-behave-turn-rest-00 section 2.2.
 */
export function issueCredentials(
  secret: string,
  user: string,
  expiresAtSeconds: number,
): TurnCredentials {
  const username = `${expiresAtSeconds}:${user}`;
  return { username, password: passwordOf(secret, username) };
}

/** The password that belongs to a time-limited user name. draft-uberti-behave-turn-rest-00 section 2.2. */
export function passwordOf(secret: string, username: string): string {
  return createHmac("sha1", secret).update(username).digest("base64");
}
