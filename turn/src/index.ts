export { issueCredentials, type TurnCredentials } from "./credentials.ts";
