export { ViewerSession, type ViewerSessionStats } from "./session.ts";
