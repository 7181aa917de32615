export {
  defaultPartsReaderLimits,
  PartsReader,
  type PartsReaderLimits,
} from "./reader.ts";
export {
  type EndRecord,
  type EventRecord,
  type GapRecord,
  type InitRecord,
  type MediaRecord,
  type PartRecord,
  partsMediaType,
  type RecordHeader,
} from "./record.ts";
export { parseTextRecord } from "./text-record.ts";
export { writeRecordHead } from "./writer.ts";
