import { randomText } from "./random.ts";

/** An unguessable identifier: 128 random bits in 22 URL-safe characters. */
export function randomId(): string {
  return randomText(16, "base64url");
}
