export { DemoSource, type DemoSourceOptions, demoStreamName } from "./source.ts";
export { readTimeCode, timeCodeBits } from "./time-code.ts";
