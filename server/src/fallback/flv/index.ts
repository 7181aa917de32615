export { createFlvOutput, type FlvOutputOptions } from "./flv-output.ts";
export { defaultFlvLimits, type FlvLimits } from "./limits.ts";
