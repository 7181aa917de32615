export { createFallback, type Fallback, type FallbackOptions } from "./door/index.ts";
export { createPollOutput, createSseOutput, EventHub } from "./events/index.ts";
export { createFlvOutput } from "./flv/index.ts";
export { createFmp4Outputs } from "./fmp4/index.ts";
export { createHlsOutput } from "./hls/index.ts";
export type { FallbackOutput, Visit } from "./output.ts";
export { createPicturesOutput } from "./pictures/index.ts";
export { createSoundOutput } from "./sound/index.ts";
