import { silentLog, systemClock } from "../../core/index.ts";
import { createTranscodePool } from "../create-pool.ts";

// A gateway that a test kills: it starts a codec process, tells its id and stays.

void createTranscodePool({ clock: systemClock, log: silentLog, engine: "node-av" }).then((pool) => {
  console.log(JSON.stringify(pool.pids));
});
setInterval(() => {}, 1000);
