export { type DoctorArguments, parseDoctorArguments } from "./arguments.ts";
export { type MachineFacts, thisMachine } from "./machine.ts";
export type {
  DoctorOptions,
  DoctorPorts,
  DoctorSettings,
  ExaminedCertificate,
  TurnServer,
} from "./options.ts";
export {
  type Check,
  type CheckStatus,
  type DoctorReport,
  exitCodeOf,
  writeReport,
} from "./report.ts";
export { runServerChecks } from "./run.ts";
