import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createGateway, type GatewayOptions } from "./index.ts";

// A program that holds gateways, one mounted and watched, and then nothing: it has to end by itself.
const here = { host: "127.0.0.1", port: 0 };
const options: GatewayOptions = {
  ...{ demo: true, http: here, rtmp: here, flvTcp: here, rtc: here, turn: here },
  shutdown: { drainSeconds: 1 },
  log: "error",
};

for (const path of ["/video", "/tv"]) {
  await using own = createGateway(options);
  await own.start();
  const server = createServer();
  const mounted = createGateway(options).mount(server, { path });
  await mounted.start();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const watching = await fetch(`http://127.0.0.1:${port}${path}/live/demo.flv`);
  await watching.body?.getReader().read();
  await mounted.close();
  await new Promise((resolve) => server.close(resolve));
}
process.stdout.write("closed\n");
