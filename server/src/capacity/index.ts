export { type CapacityArguments, parseCapacityArguments } from "./arguments.ts";
export { type CapacityReport, capacityDocument, writeCapacity } from "./report.ts";
