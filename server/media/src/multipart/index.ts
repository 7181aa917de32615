export {
  defaultMultipartLimits,
  type MultipartLimits,
  MultipartReader,
  type Part,
} from "./reader.ts";
export { checkBoundary, writeOpening, writePart } from "./writer.ts";
