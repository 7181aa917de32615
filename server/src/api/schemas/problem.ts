import { z } from "zod";
import { code, documentOf, text } from "./schema.ts";

/** Why a request was refused. RFC 9457. */
export interface ProblemDocument {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

export const problemSchema: z.ZodType<ProblemDocument> = documentOf<ProblemDocument>(
  "Problem",
  "Why a request was refused (RFC 9457).",
  {
    type: z.literal("about:blank"),
    title: text.describe("The words of the status."),
    status: z.int().min(400).max(599).describe("The HTTP status again."),
    code,
    detail: text.describe("A sentence for people."),
  },
);
