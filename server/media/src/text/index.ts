export { decodeBase64 } from "./base64.ts";
export {
  defaultMaxSseEventBytes,
  type SseEvent,
  type SseFields,
  SseReader,
  writeSseComment,
  writeSseEvent,
} from "./sse.ts";
