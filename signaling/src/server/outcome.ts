/** What a message led to. `after` runs once the reply is on its way, so that nothing overtakes it. */
export interface Outcome {
  readonly success: object;
  readonly after?: () => void;
}
