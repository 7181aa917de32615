import { expect, test } from "vitest";
import { Turnstile } from "./turnstile.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("as many as may go at once, the others in later turns and in their order", async () => {
  const turnstile = new Turnstile(2);
  const gone: number[] = [];
  const enter = (at: number): void => turnstile.enter({ go: () => void gone.push(at) });
  for (let at = 1; at <= 5; at++) enter(at);
  expect([gone, turnstile.waiting]).toEqual([[1, 2], 3]);
  await turn();
  enter(6);
  expect(gone).toEqual([1, 2, 3, 4]);
  await turn();
  await turn();
  expect([gone, turnstile.waiting]).toEqual([[1, 2, 3, 4, 5, 6], 0]);
  await turn();
  enter(7);
  enter(8);
  enter(9);
  expect(gone.slice(6)).toEqual([7, 8]);
});

test("nobody goes after it was closed", async () => {
  const turnstile = new Turnstile(1);
  let gone = 0;
  for (let at = 0; at < 3; at++) turnstile.enter({ go: () => void gone++ });
  turnstile.close();
  turnstile.close();
  await turn();
  expect(gone).toBe(1);
});
