import { createServer } from "node:http";
import { createGateway, loadConfig } from "@millrace/server";
import express from "express";
import { embedPage } from "./embed-page.js";

const { config } = loadConfig({ environment: process.env });
const gateway = createGateway({ ...config, demo: true }); // live/demo: a moving picture with a clock

const app = express();
const server = createServer(app);
gateway.mount(app, { path: "/video", server });
app.use(express.static(`${import.meta.dirname}/public`));
app.get("/embed", (request, response) => response.send(embedPage(request.headers.host)));

await gateway.start();
server.listen(process.env.PORT ?? 3000, () => {
  console.log(`Four players at http://localhost:${server.address().port}/`);
});
