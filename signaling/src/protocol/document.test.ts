import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type * as z from "zod/mini";
import { defaultLimits } from "../server/options.ts";
import {
  byeSchema,
  callCandidateSchema,
  callDescriptionSchema,
  callPeerSchema,
  callResumedSchema,
  callResumeSchema,
  callSchema,
  candidateMessageSchema,
  clockReplySchema,
  clockSchema,
  descriptionMessageSchema,
  descriptionReplySchema,
  emptyReplySchema,
  hangupSchema,
  joinedSchema,
  layerSchema,
  leaveSchema,
  observeSchema,
  openedSchema,
  openSchema,
  parseReply,
  preferSchema,
  publishSchema,
  renegotiateSchema,
  resumeSchema,
  statusReplySchema,
  streamMessageSchema,
} from "./index.ts";

const document = readFileSync(new URL("../../PROTOCOL.md", import.meta.url), "utf8");

/** The JSON examples under the heading of one event: values that begin at the margin. */
function examplesOf(event: string): unknown[] {
  const section = document
    .split(/^##+ /m)
    .find((text) => text.startsWith(`\`${event}\``) || text.includes(`, \`${event}\` —`));
  const blocks = [...(section ?? "").matchAll(/```json\n(.*?)```/gs)].map(([, json = ""]) => json);
  return blocks.flatMap((json) =>
    json.split(/\n(?=\{)/).map((value): unknown => JSON.parse(value)),
  );
}

describe("PROTOCOL.md", () => {
  test.each<[string, z.ZodMiniType<object>, z.ZodMiniType<object>]>([
    ["watch", openSchema, openedSchema],
    ["publish", publishSchema, openedSchema],
    ["prefer", preferSchema, emptyReplySchema],
    ["call", callSchema, joinedSchema],
    ["call-description", callDescriptionSchema, emptyReplySchema],
    ["call-candidate", callCandidateSchema, emptyReplySchema],
    ["call-resume", callResumeSchema, callResumedSchema],
    ["hangup", hangupSchema, emptyReplySchema],
    ["description", descriptionMessageSchema, descriptionReplySchema],
    ["candidate", candidateMessageSchema, emptyReplySchema],
    ["leave", leaveSchema, emptyReplySchema],
    ["resume", resumeSchema, statusReplySchema],
    ["observe", observeSchema, statusReplySchema],
    ["clock", clockSchema, clockReplySchema],
  ])("%s: the examples are what the schemas say, to the last member", (event, schema, reply) => {
    const examples = examplesOf(event);
    expect(examples.length).toBeGreaterThan(1);
    // Messages and successes take turns.
    for (let at = 0; at < examples.length; at += 2) {
      const [message, success] = examples.slice(at, at + 2);
      expect(schema.parse(message)).toEqual(message);
      expect({ ok: true, ...parseReply(reply, success) }).toEqual(success);
    }
  });

  test.each<[string, z.ZodMiniType<object>]>([
    ["stream", streamMessageSchema],
    ["layer", layerSchema],
    ["renegotiate", renegotiateSchema],
    ["call-peer", callPeerSchema],
    ["bye", byeSchema],
  ])("%s: the examples are what the schema says, to the last member", (event, schema) => {
    const examples = examplesOf(event);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(schema.parse(example)).toEqual(example);
  });

  test("the limits are the defaults", () => {
    const { maxCallsPerSocket, maxCallsPerAddress, maxCalls, preferences } = defaultLimits;
    const grouped = String(maxCalls).replace(/(?=(\d{3})+$)/, " ");
    const text = document.replaceAll(/\s+/g, " ");
    expect(text).toContain(`${maxCallsPerSocket} calls`);
    expect(text).toContain(`${maxCallsPerAddress} calls`);
    expect(text).toContain(`${grouped} places in rooms`);
    expect(text).toContain(
      `${preferences.burst} \`prefer\` at once and ${preferences.perSecond} per second`,
    );
  });
});
