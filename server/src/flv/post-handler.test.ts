import { request as httpRequest, type IncomingMessage } from "node:http";
import { afterEach, describe, expect, it, vi } from "vitest";
import { flvFile, flvHeader, soundTag, tagHead } from "./test-flv.ts";
import { createPostRig, type PostRig } from "./test-rig.ts";

vi.setConfig({ testTimeout: 60_000 });

let rig: PostRig;
afterEach(() => rig.close());

const until = (condition: () => unknown): Promise<unknown> =>
  vi.waitFor(
    () => {
      if (!condition()) throw new Error("not yet");
    },
    { timeout: 30_000, interval: 2 },
  );

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly document: Record<string, unknown>;
}

/** A request whose body is still to be written. */
function open(path: string, headers: Record<string, string> = {}, method = "POST") {
  const request = httpRequest(rig.url + path, { method, headers, agent: false });
  request.on("error", () => {});
  const answer = new Promise<Answer>((resolve, reject) => {
    request.on("close", () => reject(new Error("no answer")));
    request.on("response", async (response) => {
      let text = "";
      for await (const part of response) text += String(part);
      const status = response.statusCode ?? 0;
      const document = text.startsWith("{") ? JSON.parse(text) : { text };
      resolve({ status, headers: response.headers, document });
    });
  });
  answer.catch(() => {});
  return { request, answer };
}

function post(path: string, body: Uint8Array = flvFile, headers = {}, method?: string) {
  const { request, answer } = open(path, headers, method);
  request.end(body);
  return answer;
}

async function publish(path: string) {
  const opened = open(path);
  opened.request.write(flvHeader);
  opened.request.write(soundTag(0));
  const name = path.slice(1).replace(/\.flv.*$/, "");
  await until(() => rig.registry.get(name)?.track("audio") !== undefined);
  return { ...opened, stream: rig.registry.get(name) };
}

describe("what is published", () => {
  it("is the body, and the end is answered with what came", async () => {
    rig = await createPostRig();
    const answer = await post("/live/cam.flv", flvFile, {
      "Content-Type": "video/x-flv",
      Authorization: "Bearer right",
      "User-Agent": "encoder/1",
    });
    expect(answer.status).toBe(201);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(answer.document).toMatchObject({
      stream: "live/cam",
      bytes: flvFile.length,
      frames: { video: 10 },
      droppedFrames: 0,
      resumed: false,
      truncated: false,
    });
    expect(rig.registry.get("live/cam")?.state).toBe("waiting");
    expect(rig.asked).toEqual([
      {
        ...{ host: expect.stringMatching(/^127/), id: expect.any(String) },
        action: "publish",
        stream: "live/cam",
        token: "right",
        address: "127.0.0.1",
        transport: "http-flv",
        userAgent: "encoder/1",
      },
    ]);
  });

  it("comes by PUT too, chunked or with a length, and goes on where the stream waits", async () => {
    rig = await createPostRig();
    const whole = await post("/cam.flv?token=right", flvFile, { "Transfer-Encoding": "chunked" });
    expect(whole.status).toBe(201);
    const length = { "Content-Length": String(flvFile.length) };
    const again = await post("/cam.flv?token=right", flvFile, length, "PUT");
    expect([again.status, again.document["resumed"]]).toEqual([200, true]);
    expect(rig.asked.map(({ token }) => token)).toEqual(["right", "right"]);
  });

  it("may be split anywhere", async () => {
    rig = await createPostRig();
    const { request, answer } = open("/live/cam.flv");
    request.setNoDelay(true);
    for (let at = 0; at < 300; at++) {
      await new Promise((sent) => request.write(flvFile.subarray(at, at + 1), sent));
    }
    request.end(flvFile.subarray(300));
    expect((await answer).document).toMatchObject({ bytes: flvFile.length, frames: { video: 10 } });
  });

  it("may end within a tag, which is told", async () => {
    rig = await createPostRig();
    const { status, document } = await post("/live/cam.flv", flvFile.subarray(0, 5000));
    expect([status, document["truncated"]]).toEqual([201, true]);
  });

  it("ends with the connection", async () => {
    rig = await createPostRig();
    const { request, stream } = await publish("/live/cam.flv");
    expect(rig.post.publishing).toBe(1);
    request.destroy();
    await until(() => stream?.state === "waiting");
    await until(() => rig.post.publishing === 0);
  });

  it("takes as long as it likes, although the server limits the time of requests", async () => {
    rig = await createPostRig({}, { requestTimeoutMs: 150 });
    const { request, answer } = await publish("/live/cam.flv");
    const beganMs = performance.now();
    let timeMs = 20;
    await until(() => {
      request.write(soundTag(timeMs++));
      return performance.now() - beganMs > 1_000;
    });
    request.end();
    expect((await answer).status).toBe(201);
  });

  it("would be cut off by a server that makes no exception", async () => {
    rig = await createPostRig({}, { requestTimeoutMs: 150, patient: false });
    const { answer, stream } = await publish("/live/cam.flv");
    await expect(answer).rejects.toThrow("no answer");
    await until(() => stream?.state === "waiting");
  });
});

describe("what is refused", () => {
  const sound = Buffer.concat([flvHeader, soundTag(0)]);
  it.each([
    ["without a good token", "/live/cam.flv?token=wrong", {}, sound, 401, "UNAUTHORIZED"],
    [
      "with a token that is too long",
      `/a.flv?token=${"t".repeat(65)}`,
      {},
      sound,
      400,
      "TOKEN_TOO_LONG",
    ],
    [
      "of another type",
      "/a.flv",
      { "Content-Type": "video/mp4" },
      sound,
      415,
      "CONTENT_TYPE_UNSUPPORTED",
    ],
    ["compressed", "/a.flv", { "Content-Encoding": "gzip" }, sound, 415, "ENCODING_UNSUPPORTED"],
    [
      "from a page without a type",
      "/a.flv",
      { Origin: "https://good.example" },
      sound,
      415,
      "CONTENT_TYPE_UNSUPPORTED",
    ],
    [
      "from a page of another site",
      "/a.flv",
      { Origin: "https://evil.example", "Content-Type": "video/x-flv" },
      sound,
      403,
      "ORIGIN_FORBIDDEN",
    ],
    ["to a bad name", "/a/b/c/d.flv", {}, sound, 400, "STREAM_NAME_INVALID"],
    ["to an address that is not well encoded", "/%zz.flv", {}, sound, 400, "URL_INVALID"],
    [
      "with another signature",
      "/a.flv",
      {},
      Buffer.from("RIFF0000WAVE"),
      422,
      "FLV_HEADER_INVALID",
    ],
    [
      "with a tag that is too large",
      "/a.flv",
      {},
      Buffer.concat([sound, tagHead(9, 1001)]),
      413,
      "FLV_TAG_TOO_LARGE",
    ],
    [
      "with a broken tag",
      "/a.flv",
      {},
      Buffer.concat([sound, tagHead(9, 1), Buffer.from([0x17])]),
      422,
      "FLV_TAG_TRUNCATED",
    ],
    ["without picture and sound", "/a.flv", {}, flvHeader, 422, "FLV_EMPTY"],
    ["without a body", "/a.flv", {}, Buffer.alloc(0), 422, "FLV_EMPTY"],
  ])("a body %s", async (_, path, headers, body, status, code) => {
    const limits = { maxTagBytes: 1000, maxTokenLength: 64 };
    rig = await createPostRig(limits, { origins: ["https://good.example"] });
    const answer = await post(path, body, headers);
    expect([answer.status, answer.document["code"]]).toEqual([status, code]);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(rig.registry.publisher("a")).toBeUndefined();
    expect(rig.post.publishing).toBe(0);
  });

  it("is a busy name, before the body, unless it is to be taken over", async () => {
    rig = await createPostRig();
    const first = await publish("/live/cam.flv");
    const second = open("/live/cam.flv");
    second.request.flushHeaders();
    expect((await second.answer).document["code"]).toBe("STREAM_BUSY");
    const third = open("/live/cam.flv?takeover=1");
    third.request.write(flvFile);
    const { status, document } = await first.answer;
    expect([status, document["code"]]).toEqual([409, "TAKEN_OVER"]);
    third.request.end();
    expect((await third.answer).status).toBe(200);
  });

  it("is an endless body, which is answered while it still comes", async () => {
    rig = await createPostRig();
    const { request, answer } = open("/live/cam.flv?token=wrong");
    const timer = setInterval(() => request.write(Buffer.alloc(100_000)), 1);
    try {
      expect((await answer).status).toBe(401);
    } finally {
      clearInterval(timer);
    }
    request.destroy();
  });

  it("is cut off when it goes on for too long after the answer", async () => {
    rig = await createPostRig({ lingerMs: 2_000 });
    const { request, answer } = open("/live/cam.flv?token=wrong");
    request.write("x");
    expect((await answer).status).toBe(401);
    const closed = new Promise((resolve) => request.once("close", resolve));
    rig.clock.advance(2_000);
    await closed;
  });

  it("is silence: no header in time, or no picture and sound", async () => {
    rig = await createPostRig({ startTimeoutMs: 5_000, publishTimeoutMs: 20_000 });
    const silent = open("/live/silent.flv");
    silent.request.flushHeaders();
    const encoder = await publish("/live/cam.flv");
    await until(() => rig.post.publishing === 2);
    rig.clock.advance(6_000);
    expect((await silent.answer).document).toMatchObject({
      code: "FLV_START_TIMEOUT",
      status: 408,
    });
    rig.clock.advance(20_000);
    const late = await encoder.answer;
    expect(late.document).toMatchObject({ code: "FLV_PUBLISH_TIMEOUT", status: 408 });
    expect(encoder.stream?.state).toBe("waiting");
  });

  it("is one publisher more than there may be, and one request more", async () => {
    rig = await createPostRig({ maxConnections: 1, requests: { perSecond: 1, burst: 2 } });
    await publish("/live/cam.flv");
    const full = await post("/live/two.flv");
    expect(full.document).toMatchObject({ code: "FLV_CONNECTIONS_FULL", status: 503 });
    const limited = await post("/live/two.flv");
    expect(limited.document).toMatchObject({ code: "RATE_LIMITED", status: 429 });
    expect(limited.headers["retry-after"]).toBeDefined();
  });

  it("is everything once it is closed, with those under way", async () => {
    rig = await createPostRig();
    const { answer } = await publish("/live/cam.flv");
    rig.post.close();
    rig.post.close();
    expect((await answer).document).toMatchObject({ code: "SERVER_CLOSING", status: 503 });
    expect((await post("/live/cam.flv")).document).toMatchObject({ code: "SERVER_CLOSING" });
  });
});

it("leaves nothing of a hundred publishers that came and went", async () => {
  rig = await createPostRig({ requests: { perSecond: 1000, burst: 1000 } });
  for (let round = 0; round < 100; round++) {
    if (round % 2 === 0) await post("/live/cam.flv");
    else (await publish("/live/two.flv")).request.destroy();
    await until(() => rig.post.publishing === 0);
  }
  rig.clock.advance(31_000);
  expect(rig.registry.list()).toEqual([]);
  expect(rig.clock.timers).toBe(0);
});
