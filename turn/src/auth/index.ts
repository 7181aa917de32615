export { issueCredentials, type TurnCredentials } from "./credentials.ts";
export { type NonceCheck, type NonceOptions, Nonces } from "./nonces.ts";
export { RequestBudget, type RequestBudgetOptions } from "./request-budget.ts";
export {
  createUserKeys,
  type Key,
  type UserKey,
  type UserKeys,
  type UserKeysOptions,
} from "./user-keys.ts";
