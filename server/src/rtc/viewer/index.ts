export type { ViewerSessionStats } from "./figures.ts";
export { ViewerSession } from "./session.ts";
