import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type * as z from "zod/mini";
import {
  byeSchema,
  candidateMessageSchema,
  clockReplySchema,
  clockSchema,
  descriptionMessageSchema,
  descriptionReplySchema,
  emptyReplySchema,
  leaveSchema,
  observeSchema,
  openedSchema,
  openSchema,
  parseReply,
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
    ["description", descriptionMessageSchema, descriptionReplySchema],
    ["candidate", candidateMessageSchema, emptyReplySchema],
    ["leave", leaveSchema, emptyReplySchema],
    ["resume", resumeSchema, statusReplySchema],
    ["observe", observeSchema, statusReplySchema],
    ["clock", clockSchema, clockReplySchema],
  ])("%s: the examples are what the schemas say, to the last member", (event, schema, reply) => {
    const [message, success, ...rest] = examplesOf(event);
    expect(schema.parse(message)).toEqual(message);
    expect({ ok: true, ...parseReply(reply, success) }).toEqual(success);
    expect(rest).toEqual([]);
  });

  test.each<[string, z.ZodMiniType<object>]>([
    ["stream", streamMessageSchema],
    ["bye", byeSchema],
  ])("%s: the examples are what the schema says, to the last member", (event, schema) => {
    const examples = examplesOf(event);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(schema.parse(example)).toEqual(example);
  });
});
