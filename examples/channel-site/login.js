import { randomUUID } from "node:crypto";
import { Router, urlencoded } from "express";
import { loginPage } from "./pages.js";
import { ownerOfPassword } from "./people.js";

const sessions = new Map(); // cookie → { person, ticket }
const tickets = new Map(); // what the players of a session show → person

export const ownerOfTicket = (ticket) => tickets.get(ticket);

export const login = Router();

login.post("/login", urlencoded(), ({ body }, response) => {
  const person = ownerOfPassword(body?.name, body?.password);
  if (!person) return response.status(401).send(loginPage("That is not right."));
  const [cookie, ticket] = [randomUUID(), randomUUID()];
  sessions.set(cookie, { person, ticket });
  tickets.set(ticket, person);
  return response.cookie("session", cookie, { httpOnly: true, sameSite: "lax" }).redirect("/");
});

login.use((request, response, next) => {
  const cookie = /(?:^|; )session=([^;]+)/.exec(request.headers.cookie ?? "")?.[1];
  Object.assign(response.locals, sessions.get(cookie));
  return response.locals.person ? next() : response.status(401).send(loginPage());
});
