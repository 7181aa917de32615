import { createServer } from "node:http";
import { createGateway, loadConfig } from "@millrace/server";
import express from "express";
import { login, ownerOfTicket } from "./login.js";
import { channelPage, frontPage, goLivePage } from "./pages.js";
import { ownerOfKey } from "./people.js";

const gateway = createGateway({
  ...loadConfig({ environment: process.env }).config,
  hooks: {
    // An encoder sends the secret key as the stream's name, a browser as the token. Viewers only ever see the person's name.
    onPublish({ stream, token }) {
      const person = ownerOfKey(token ?? stream.replace(/^live\//, ""));
      return person ? { allow: true, stream: `live/${person.name}`, user: person.name } : false;
    },
    // Only who is signed in has a ticket.
    onPlay({ token }) {
      const person = ownerOfTicket(token);
      return person ? { allow: true, user: person.name } : { allow: false, reason: "Sign in." };
    },
  },
});

const app = express();
const server = createServer(app);
gateway.mount(app, { path: "/video", server });
app.use(express.static(`${import.meta.dirname}/public`));
app.use(login); // From here on everybody is signed in, and `locals` has { person, ticket }.
app.get("/", (_, response) => response.send(frontPage(response.locals, gateway.streams())));
app.get("/go-live", ({ headers }, response) => {
  const { hostname } = new URL(`http://${headers.host}`);
  const rtmpServer = `rtmp://${hostname}:${gateway.addresses.rtmp.port}/live`;
  response.send(goLivePage(response.locals, rtmpServer));
});
app.get("/:name", ({ params: { name } }, response, next) => {
  const isLive = gateway.streams().some((stream) => stream.name === `live/${name}`);
  return /^\w+$/.test(name) ? response.send(channelPage(response.locals, name, isLive)) : next();
});

await gateway.start();
server.listen(process.env.PORT ?? 3000, () => {
  console.log(`Channels at http://localhost:${server.address().port}/`);
});
