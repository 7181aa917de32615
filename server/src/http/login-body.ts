import express, { type Request, type Response } from "express";
import { RefusedError } from "../core/errors.ts";

/** Members of a form's body. */
const maxFields = 8;

/**
 * Reads one field of an urlencoded form; undefined when it has none of that name.
 * @throws RefusedError `CONTENT_TYPE_UNSUPPORTED` 415, `BODY_TOO_LARGE` 413.
 */
export type FormReader = (
  request: Request,
  response: Response,
  field: string,
) => Promise<string | undefined>;

/** Makes what reads forms of at most so many bytes. */
export function formReader(maxBytes: number): FormReader {
  const type = "application/x-www-form-urlencoded";
  const parse = express.urlencoded({
    extended: false,
    inflate: false,
    limit: maxBytes,
    parameterLimit: maxFields,
    type,
  });
  return async (request, response, field) => {
    if (!request.is(type)) {
      throw new RefusedError("CONTENT_TYPE_UNSUPPORTED", 415, `The body must be ${type}.`);
    }
    await new Promise<void>((resolve, reject) => {
      parse(request, response, (error?: unknown) =>
        error === undefined ? resolve() : reject(formError(error, maxBytes)),
      );
    });
    const value = (request.body as Readonly<Record<string, unknown>>)[field];
    return typeof value === "string" ? value : undefined;
  };
}

function formError(error: unknown, maxBytes: number): unknown {
  if ((error as { readonly type?: unknown }).type !== "entity.too.large") return error;
  return new RefusedError("BODY_TOO_LARGE", 413, `The body is larger than ${maxBytes} bytes.`);
}
