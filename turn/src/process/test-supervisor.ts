import { childCommand } from "./child-command.ts";
import { startTurn } from "./start-turn.ts";
import { testLog, testTurnOptions } from "./test-options.ts";

// A program with a relay, for the test that ends it: prints the number of the relay's process.
const relay = await startTurn(testTurnOptions(), {
  log: testLog().log,
  command: childCommand("test-child"),
});
console.log(relay.pid);
