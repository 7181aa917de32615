import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silentLog, systemClock } from "../core/index.ts";
import type { AccessRequest } from "../core/ports.ts";
import { AskWebhook } from "./ask-webhook.ts";
import { createEvent } from "./event.ts";
import { HookedAccess } from "./hooked-access.ts";
import { notify } from "./notify-webhook.ts";
import { HookClient } from "./post.ts";

const secrets = ["the-new-secret", "the-old-secret"];
const request: AccessRequest = {
  action: "publish",
  stream: "live/cam",
  token: "shown",
  address: "192.0.2.1",
  transport: "rtmp",
  userAgent: "OBS",
};

let server: Server;
let url: string;
let client: HookClient;
let received: { readonly body: string; readonly headers: IncomingMessage["headers"] }[];
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  received = [];
  client = new HookClient();
  server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    received.push({ body: Buffer.concat(chunks).toString(), headers: incoming.headers });
    answer(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});
afterEach(() => {
  client.close();
  server.closeAllConnections();
  server.close();
});

const saying =
  (status: number, body: unknown) =>
  (response: ServerResponse): void => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };

async function ask(askTimeoutMs = 20_000): Promise<unknown> {
  const hook = new AskWebhook({ urls: { publish: url }, secrets, clock: systemClock, client });
  const access = new HookedAccess({
    access: { authorize: async () => undefined },
    hooks: [hook],
    clock: systemClock,
    log: silentLog,
    limits: { askTimeoutMs },
  });
  try {
    return await access.authorize(request);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return code === "HOOK_DENIED" ? `${code} ${message}` : code;
  }
}

describe("a webhook that is asked", () => {
  test("is shown who wants what, signed with each secret", async () => {
    answer = saying(200, { allow: true });
    expect(await ask()).toMatchObject({ stream: "live/cam" });
    const [{ body, headers }] = received as [(typeof received)[number]];
    expect(JSON.parse(body)).toEqual({
      id: expect.stringMatching(/^[\w-]{16,}$/),
      type: "ask",
      at: expect.stringMatching(/^20\d\d-.*Z$/),
      ...request,
    });
    expect(headers["content-type"]).toBe("application/json");
    const [time, ...macs] = String(headers["millrace-signature"]).split(",");
    const seconds = time?.slice(2);
    expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(60);
    expect(macs).toEqual(
      secrets.map(
        (secret) => `v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`,
      ),
    );
  });

  test.each([
    ["renames and limits", 200, { allow: true, stream: "live/b", limits: { maxViewers: 5 } }, null],
    ["says more than is known", 201, { allow: true, note: "hello" }, null],
    ["refuses", 200, { allow: false, reason: "No." }, "HOOK_DENIED No."],
    ["refuses by its status", 403, "", "HOOK_DENIED You may not publish."],
    ["wants credentials", 401, { allow: false, reason: "Who?" }, "HOOK_DENIED Who?"],
    ["fails", 500, { allow: true }, "HOOK_UNAVAILABLE"],
    ["is not there", 404, { allow: true }, "HOOK_UNAVAILABLE"],
    ["sends one elsewhere", 302, { allow: true }, "HOOK_UNAVAILABLE"],
    ["says nothing", 200, "", "HOOK_UNAVAILABLE"],
    ["says garbage", 200, "<html>", "HOOK_UNAVAILABLE"],
    ["says something else", 200, { allow: "true" }, "HOOK_UNAVAILABLE"],
    ["says too much", 200, `{"allow":true,"note":"${"x".repeat(20_000)}"}`, "HOOK_UNAVAILABLE"],
  ] as const)("%s", async (_, status, body, expected) => {
    answer = saying(status, body);
    const said = await ask();
    if (expected !== null) expect(said).toBe(expected);
    else expect(said).toMatchObject({ stream: expect.stringMatching(/^live\/(b|cam)$/) });
  });

  test("that never answers, stops in the middle or is not there refuses", async () => {
    answer = () => {};
    expect(await ask(50)).toBe("HOOK_UNAVAILABLE");
    answer = (response) => {
      response.writeHead(200, { "Content-Length": 100 }).write('{"allow":');
      setImmediate(() => response.destroy());
    };
    expect(await ask()).toBe("HOOK_UNAVAILABLE");
    server.closeAllConnections();
    server.close();
    expect(await ask()).toBe("HOOK_UNAVAILABLE");
  });
});

test("a webhook that is told takes what it answers with 2xx", async () => {
  const event = createEvent(
    { type: "stream.live", stream: "live/cam", reason: "PUBLISHED" },
    Date.now(),
  );
  const told = () =>
    notify({ url, secrets, clock: systemClock, client }, event, AbortSignal.timeout(20_000));
  answer = saying(204, "");
  await told();
  expect(JSON.parse(received[0]?.body ?? "")).toEqual(event);
  expect(received[0]?.headers["millrace-signature"]).toMatch(/^t=\d+,v1=[0-9a-f]{64},v1=/);
  answer = saying(500, "");
  await expect(told()).rejects.toThrow("500");
});
