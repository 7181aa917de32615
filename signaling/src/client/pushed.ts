import type * as z from "zod/mini";
import {
  byeSchema,
  callCandidateSchema,
  callDescriptionSchema,
  callPeerSchema,
  candidateMessageSchema,
  descriptionMessageSchema,
  layerSchema,
  renegotiateSchema,
  type ServerEvent,
  SignalingError,
  streamMessageSchema,
} from "../protocol/index.ts";
import type { CallTable } from "./call-table.ts";
import type { ObservedStreams } from "./observed-streams.ts";
import type { SessionTable } from "./session-table.ts";

/**
 * Checks what the server pushed and hands it to whom it is for. Gives the error when it is malformed; events
 * that a later server may have are ignored.
 */
export function dispatchPushed(
  event: string,
  message: unknown,
  sessions: SessionTable,
  calls: CallTable,
  observed: ObservedStreams,
): SignalingError | undefined {
  const read = <Message>(
    schema: z.ZodMiniType<Message>,
    use: (message: Message) => void,
  ): SignalingError | undefined => {
    const checked = schema.safeParse(message);
    if (checked.success) use(checked.data);
    else return new SignalingError("PROTOCOL_VIOLATION", `The server's "${event}" is malformed.`);
    return undefined;
  };
  switch (event as ServerEvent) {
    case "stream":
      return read(streamMessageSchema, ({ session, stream }) => {
        if (session === undefined) observed.told(stream);
        else sessions.receive(session, "stream", stream);
      });
    case "description":
      return read(descriptionMessageSchema, ({ session, description }) =>
        sessions.receive(session, "description", description),
      );
    case "candidate":
      return read(candidateMessageSchema, ({ session, candidate }) =>
        sessions.receive(session, "candidate", candidate),
      );
    case "layer":
      return read(layerSchema, ({ session, rid }) => sessions.receive(session, "layer", rid));
    case "renegotiate":
      return read(renegotiateSchema, ({ session }) =>
        sessions.receive(session, "renegotiate", undefined),
      );
    case "bye":
      return read(byeSchema, ({ session, reason }) => sessions.end(session, reason));
    case "call-peer":
      return read(callPeerSchema, ({ call, seq, present }) =>
        calls.receive(call, "peer", { present }, seq),
      );
    case "call-description":
      return read(callDescriptionSchema, ({ call, seq, description }) =>
        calls.receive(call, "description", description, seq),
      );
    case "call-candidate":
      return read(callCandidateSchema, ({ call, seq, candidate }) =>
        calls.receive(call, "candidate", candidate, seq),
      );
    default:
      return undefined;
  }
}
