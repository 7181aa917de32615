export { createLog, type LogLevel, type LogOptions, type WritingLog } from "./log.ts";
export { type LogTarget, logInto } from "./log-into.ts";
