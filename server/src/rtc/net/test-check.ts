import { randomBytes } from "node:crypto";
import { Attribute, BINDING_REQUEST } from "../stun/message.ts";
import { StunWriter } from "../stun/writer.ts";

/** A check as tests want it. Left out: what a browser sends. */
export interface TestCheck {
  readonly username: string;
  /** undefined: no MESSAGE-INTEGRITY. */
  readonly password: string | undefined;
  readonly useCandidate?: boolean;
  readonly transactionId?: Uint8Array;
  readonly controlled?: boolean;
  readonly priority?: boolean;
  readonly unknown?: number;
  /** libwebrtc's renomination. */
  readonly nomination?: number;
}

/** Writes a Binding request as a browser does, or wrongly. */
export function writeTestCheck(check: TestCheck): Buffer {
  const id = check.transactionId ?? randomBytes(12);
  const writer = new StunWriter(BINDING_REQUEST, id);
  writer.attribute(Attribute.username, Buffer.from(check.username));
  writer.uint64(check.controlled === true ? Attribute.iceControlled : Attribute.iceControlling, 7n);
  if (check.useCandidate === true) writer.attribute(Attribute.useCandidate, new Uint8Array());
  if (check.priority !== false) writer.uint32(Attribute.priority, 1_853_824_767);
  if (check.unknown !== undefined) writer.attribute(check.unknown, new Uint8Array(4));
  if (check.nomination !== undefined) writer.uint32(0xc001, check.nomination);
  if (check.password !== undefined) writer.integrity(check.password);
  return Buffer.from(writer.finish());
}
