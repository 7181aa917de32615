import express, { type Request, type Response } from "express";
import { RefusedError } from "../core/errors.ts";

/** Members of a form's body. */
const maxFields = 8;

/**
 * Makes what reads the password of an urlencoded form; undefined when it has none.
 * @throws RefusedError `CONTENT_TYPE_UNSUPPORTED` 415, `BODY_TOO_LARGE` 413.
 */
export function formReader(
  maxBytes: number,
): (request: Request, response: Response) => Promise<string | undefined> {
  const type = "application/x-www-form-urlencoded";
  const parse = express.urlencoded({
    extended: false,
    inflate: false,
    limit: maxBytes,
    parameterLimit: maxFields,
    type,
  });
  return async (request, response) => {
    if (!request.is(type)) {
      throw new RefusedError("CONTENT_TYPE_UNSUPPORTED", 415, `The body must be ${type}.`);
    }
    await new Promise<void>((resolve, reject) => {
      parse(request, response, (error?: unknown) =>
        error === undefined ? resolve() : reject(formError(error, maxBytes)),
      );
    });
    const { password } = request.body as { readonly password?: unknown };
    return typeof password === "string" ? password : undefined;
  };
}

function formError(error: unknown, maxBytes: number): unknown {
  if ((error as { readonly type?: unknown }).type !== "entity.too.large") return error;
  return new RefusedError("BODY_TOO_LARGE", 413, `The body is larger than ${maxBytes} bytes.`);
}
