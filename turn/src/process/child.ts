import { RelayServer } from "../relay/index.ts";
import { systemPorts } from "../relay/relay-ports.ts";
import { serveRelay } from "./serve-relay.ts";

// The terminal and systemd send these to every process of a group: when it is over, the supervisor says.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

serveRelay(
  process,
  (options, log) => new RelayServer(options, systemPorts(log)),
  (exitCode) => process.exit(exitCode),
);
