import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createGateway, loadConfig } from "@millrace/server";
import express from "express";

// What the host knows, and what the guests are told.
const { HOST_PASSWORD = "host-password", GUEST_PASSWORD = "guest-password" } = process.env;

const gateway = createGateway({
  ...loadConfig({ environment: process.env }).config,
  auth: { publishTokens: [HOST_PASSWORD], playTokens: [GUEST_PASSWORD] },
});

const app = express();
// Browsers give a page the camera over https only, except on the same machine.
const { CERT, KEY } = process.env;
const server = CERT
  ? createHttpsServer({ cert: readFileSync(CERT), key: readFileSync(KEY) }, app)
  : createServer(app);
gateway.mount(app, { path: "/video", server });
app.use(express.static(`${import.meta.dirname}/public`, { extensions: ["html"] }));

await gateway.start();
server.listen(process.env.PORT ?? 3000, () => {
  const address = `${CERT ? "https" : "http"}://localhost:${server.address().port}/`;
  console.log(`Guests: ${address}   Host: ${address}host`);
});
