export { createLog, type LogLevel, type LogOptions, type WritingLog } from "./log.ts";
