import { type AmfObject, type AmfValue, object, parseAmf0, writeAmf0 } from "@millrace/media/amf";
import { ProtocolError } from "../core/errors.ts";
import { MessageType, type RtmpMessage } from "./message.ts";

/** A command message, RTMP 1.0 section 7.2. */
export interface Command {
  readonly name: string;
  /** 0: no answer is expected. */
  readonly transaction: number;
  /** What follows the transaction id; the first is the command object, mostly null. */
  readonly args: readonly AmfValue[];
}

const maxLoggedName = 64;

/**
 * Reads a command of either encoding. Enhanced RTMP v2, "AMF3-encoded clarification": type 17 begins
 * with a selector byte 0, then AMF0.
 * @throws ProtocolError `RTMP_COMMAND_INVALID` or what AMF says.
 */
export function parseCommand(message: RtmpMessage): Command {
  const { payload } = message;
  const skip = message.type === MessageType.commandAmf3 && payload[0] === 0 ? 1 : 0;
  const [name, transaction, ...args] = parseAmf0(payload.subarray(skip));
  if (typeof name !== "string") {
    throw new ProtocolError("RTMP_COMMAND_INVALID", "a command without a name");
  }
  return { name, transaction: typeof transaction === "number" ? transaction : 0, args };
}

/** An argument when it is a string, else an empty one. */
export function textArg(command: Command, index: number): string {
  const value = command.args[index];
  return typeof value === "string" ? value : "";
}

/** The payload of a command message. */
export function writeCommand(
  name: string,
  transaction: number,
  ...args: readonly AmfValue[]
): Uint8Array {
  return writeAmf0([name, transaction, ...args]);
}

/** The answer to a command. */
export function writeResult(transaction: number, ...args: readonly AmfValue[]): Uint8Array {
  return writeCommand("_result", transaction, null, ...args);
}

/** The answer to a command that nobody knows. */
export function writeUnknownCommand(command: Command): Uint8Array {
  const name = command.name.slice(0, maxLoggedName);
  return writeCommand(
    "_error",
    command.transaction,
    null,
    info("error", "NetConnection.Call.Failed", `Method not found (${name}).`),
  );
}

/** `onStatus` on a message stream. Section 7.2.2. */
export function writeStatus(
  level: "status" | "error",
  code: string,
  description: string,
  details = "",
): Uint8Array {
  const fields = details === "" ? {} : { details };
  return writeCommand("onStatus", 0, null, info(level, code, description, fields));
}

/** The information object that goes with a result or a status. */
export function info(
  level: "status" | "error",
  code: string,
  description: string,
  more: Readonly<Record<string, AmfValue>> = {},
): AmfObject {
  return object({ level, code, description, ...more });
}
