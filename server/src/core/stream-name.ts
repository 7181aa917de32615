import { RefusedError } from "./errors.ts";

const maxStreamNameLength = 128;
const maxSegments = 3;
const segmentPattern = /^[A-Za-z0-9._+-]+$/;

/**
 * Checks a stream's name (`app/name`): one to three segments of letters, digits and `. _ - +`,
 * none of them `.` or `..`, at most 128 characters.
 * @throws RefusedError `STREAM_NAME_INVALID`.
 */
export function parseStreamName(text: string): string {
  const segments = text.split("/");
  const valid =
    text.length <= maxStreamNameLength &&
    segments.length <= maxSegments &&
    segments.every(
      (segment) => segmentPattern.test(segment) && segment !== "." && segment !== "..",
    );
  if (!valid) {
    throw new RefusedError(
      "STREAM_NAME_INVALID",
      400,
      `A stream name has at most ${maxSegments} segments of letters, digits and . _ - + and ${maxStreamNameLength} characters.`,
    );
  }
  return text;
}
