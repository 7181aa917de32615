import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { knownCodec, textOffer } from "./conformance/text-offers.ts";
import { expect, test } from "./fixtures.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { Gateway } from "./peers/gateway.ts";
import { Peer } from "./peers/process.ts";

type Cleanup = (step: () => Promise<unknown>) => void;

/** What one of the scripts in `peers/back-ends` was sent and how it answered. */
interface Seen {
  readonly [field: string]: unknown;
}

/** A back end that knows nothing of this gateway. */
class BackEnd {
  readonly seen: Seen[] = [];
  url = "";

  static async start(script: string, cleanup: Cleanup): Promise<BackEnd> {
    const path = fileURLToPath(new URL(`./peers/back-ends/${script}`, import.meta.url));
    const peer = new Peer("python3", [path]);
    cleanup(() => peer.stop());
    const backEnd = new BackEnd();
    await new Promise<void>((resolve, reject) => {
      peer.process.once("exit", () => reject(new Error(`${script} ended: ${peer.said}`)));
      createInterface({ input: peer.process.stdout ?? process.stdin }).on("line", (line) => {
        const entry = JSON.parse(line) as Seen;
        if (entry["port"] === undefined) backEnd.seen.push(entry);
        else backEnd.url = `http://127.0.0.1:${entry["port"]}/`;
        resolve();
      });
    });
    return backEnd;
  }
}

async function start(flags: readonly string[], cleanup: Cleanup): Promise<Gateway> {
  const quiet = ["--turn-enabled=false", "--transcode-engine=none", "--publisher-grace-seconds=0"];
  const gateway = await Gateway.start({ flags: [...quiet, ...flags] });
  cleanup(() => gateway.stop());
  return gateway;
}

function publish(gateway: Gateway, key: string, cleanup: Cleanup): Peer {
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/${key}`, { width: 320, height: 180 });
  cleanup(() => encoder.stop());
  return encoder;
}

const isLive = async (gateway: Gateway, name: string, token: string): Promise<number> => {
  const stop = new AbortController();
  const response = await fetch(`${gateway.url}/${name}.flv${token}`, { signal: stop.signal });
  const { status } = response;
  if (status === 200) await response.body?.getReader().read();
  stop.abort();
  return status;
};

const publishByWhip = (gateway: Gateway, name: string, token?: string): Promise<Response> =>
  fetch(`${gateway.url}/whip/${name}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/sdp",
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
    body: textOffer([{ kind: "video", direction: "sendonly", codec: knownCodec.video }]),
  });

const watchByWhep = (gateway: Gateway, name: string, query: string): Promise<Response> =>
  fetch(`${gateway.url}/whep/${name}${query}`, {
    method: "POST",
    headers: { "Content-Type": "application/sdp" },
    body: textOffer([{ kind: "video", direction: "recvonly", codec: "H264/90000" }]).replace(
      /a=rtpmap:(\d+) .*/,
      "$&\r\na=fmtp:$1 packetization-mode=1;level-asymmetry-allowed=1;profile-level-id=42e01f",
    ),
  });

const patient = { timeout: 30_000 };

test("a back end that was written for SRS lets in and keeps out", async ({ cleanup }) => {
  const backEnd = await BackEnd.start("srs-callbacks.py", cleanup);
  const kinds = ["connect", "publish", "play", "unpublish", "stop", "close"];
  const flags = kinds.map((kind) => `--srs-hooks-${kind}-urls=${backEnd.url}`);
  const gateway = await start(flags, cleanup);
  const of = (action: string): Seen[] => backEnd.seen.filter((one) => one["action"] === action);

  const stranger = publish(gateway, "cam?token=guessed", cleanup);
  await expect.poll(() => stranger.isRunning, patient).toBe(false);
  expect(of("on_publish")).toMatchObject([{ code: 403, app: "live", stream: "cam" }]);
  expect((await publishByWhip(gateway, "live/cam", "guessed")).status).toBe(403);

  const encoder = publish(gateway, "cam?token=studio", cleanup);
  await expect.poll(() => isLive(gateway, "live/cam", "?token=ticket"), patient).toBe(200);
  expect(await isLive(gateway, "live/cam", "")).toBe(403);
  expect((await watchByWhep(gateway, "live/cam", "?token=guessed")).status).toBe(403);
  const opened = await watchByWhep(gateway, "live/cam", "?token=ticket");
  expect(opened.status).toBe(201);
  await fetch(new URL(opened.headers.get("location") ?? "", gateway.url), { method: "DELETE" });
  const published = await publishByWhip(gateway, "live/studio", "studio");
  expect(published.status).toBe(201);
  const session = new URL(published.headers.get("location") ?? "", gateway.url);
  await fetch(session, { method: "DELETE" });

  await encoder.stop();
  await gateway.stop();
  // Everybody who was let in is told as gone, once, with the client_id of the beginning.
  const ids = (actions: readonly string[], code?: number): unknown[] =>
    actions
      .flatMap((action) => of(action))
      .filter((one) => code === undefined || one["code"] === code)
      .map((one) => one["client_id"])
      .sort();
  expect(ids(["on_unpublish"])).toEqual(ids(["on_publish"], 0));
  expect(ids(["on_stop"])).toEqual(ids(["on_play"], 0));
  expect(ids(["on_close"])).toEqual(ids(["on_connect"]));
  expect(of("on_publish").filter(({ code }) => code === 0)).toHaveLength(2);
});

test("a handler of MistServer's triggers knows whose key it is, and viewers know no key (row 94)", async ({
  cleanup,
}) => {
  const backEnd = await BackEnd.start("mist-triggers.py", cleanup);
  const kinds = ["rtmp-push-rewrite", "user-new", "user-end", "stream-buffer"];
  const flags = kinds.map((kind) => `--mist-triggers-${kind}-urls=${backEnd.url}`);
  const gateway = await start(flags, cleanup);
  const of = (trigger: string): readonly string[][] =>
    backEnd.seen.filter((one) => one["trigger"] === trigger).map((one) => one["lines"] as string[]);

  const stranger = publish(gateway, "guessed-key", cleanup);
  await expect.poll(() => stranger.isRunning, patient).toBe(false);
  expect((await publishByWhip(gateway, "live/guessed-key")).status).toBe(403);

  const encoder = publish(gateway, "evas-secret-key", cleanup);
  await expect.poll(() => isLive(gateway, "live/eva", "?token=ticket"), patient).toBe(200);
  expect(await isLive(gateway, "live/eva", "")).toBe(403);
  expect(await isLive(gateway, "live/evas-secret-key", "?token=ticket")).toBe(404);
  const published = await publishByWhip(gateway, "live/adams-secret-key");
  expect(published.status).toBe(201);
  const { streams } = await gateway.api<{ streams: { name: string }[] }>("streams");
  expect(streams.map(({ name }) => name).sort()).toEqual(["live/adam", "live/eva"]);
  expect(JSON.stringify(streams)).not.toContain("secret-key");

  const port = new URL(gateway.rtmpUrl).port;
  const rewrites = of("RTMP_PUSH_REWRITE");
  expect(rewrites).toContainEqual([`rtmp://127.0.0.1:${port}/live/evas-secret-key`, "127.0.0.1"]);
  await expect
    .poll(() => of("STREAM_BUFFER").map(([stream, state]) => `${stream} ${state}`), patient)
    .toContain("live/eva FULL");
  await encoder.stop();
  await gateway.stop();
  expect(of("STREAM_BUFFER").map(([stream, state]) => `${stream} ${state}`)).toContain(
    "live/eva EMPTY",
  );
  const came = backEnd.seen.filter(
    ({ answer, trigger }) => trigger === "USER_NEW" && answer === "true",
  );
  const watched = came
    .map(({ lines }) => lines as string[])
    .filter(([name]) => name === "live/eva");
  const ends = of("USER_END");
  expect(new Set(ends.map(([session]) => session)).size).toBe(ends.length);
  for (const [session = "", stream, connector, address, seconds, up] of ends) {
    expect(watched.map((lines) => lines[5])).toContain(session);
    expect([stream, connector, address]).toEqual(["live/eva", "FLV", "127.0.0.1"]);
    expect(Number(seconds)).toBeGreaterThanOrEqual(0);
    expect(Number(up)).toBeGreaterThan(0);
  }
  expect(ends.length).toBeGreaterThan(0);
  // But for the viewer who guessed it.
  const log = gateway.log.filter((line) => line["code"] !== "STREAM_NOT_FOUND");
  expect(log.length).toBeGreaterThan(0);
  expect(JSON.stringify(log)).not.toContain("secret-key");
});
