export { Amf0Reader, type AmfLimits, defaultAmfLimits, parseAmf0 } from "./amf0.ts";
export { writeAmf0 } from "./amf0-writer.ts";
export { type AmfDate, AmfObject, type AmfValue, ecmaArray, object } from "./value.ts";
