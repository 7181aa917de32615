import { io } from "socket.io-client";
import { WebSocket } from "ws";
import { textOffer } from "./conformance/text-offers.ts";
import { expect, test } from "./fixtures.ts";
import { Front, type FrontKind, hasFront, shippedPath } from "./peers/fronts.ts";
import { Gateway } from "./peers/gateway.ts";
import { ask, firstBytes, open } from "./peers/secure-client.ts";
import { waitForPictures, watchPictures } from "./peers/viewer.ts";

type Cleanup = (step: () => Promise<unknown>) => void;

const stream = "live/demo";
/** Another address of this machine than that which the proxies come from. */
const elsewhere = "127.0.0.2";
const spoofed = {
  "X-Forwarded-For": "203.0.113.66",
  "X-Real-IP": "203.0.113.66",
  Forwarded: "for=203.0.113.66;host=evil.example;proto=http",
  "X-Forwarded-Host": "evil.example",
  "X-Forwarded-Proto": "http",
  "X-Forwarded-Prefix": "/evil",
};

interface Place {
  readonly gateway: Gateway;
  readonly front: Front;
  /** The front's, and the stream's address through it. */
  readonly url: string;
  readonly at: string;
  /** What stands before every path: `/video` or nothing. */
  readonly prefix: string;
}

async function openPlace(
  cleanup: Cleanup,
  kind: FrontKind,
  underPath: boolean,
  flags: readonly string[] = ["--http-trust-proxy", "loopback"],
): Promise<Place> {
  const gateway = await Gateway.start({ flags: ["--demo", ...flags] });
  cleanup(() => gateway.stop());
  const front = await Front.start(kind, gateway.ports.http, underPath);
  cleanup(() => front.close());
  const prefix = underPath ? shippedPath : "";
  return { gateway, front, url: front.url, at: `${front.url}/${stream}`, prefix };
}

/** Pages, documents and headers name the address by which they were asked for. */
async function expectAddresses({ url, at, prefix }: Place): Promise<void> {
  for (const headers of [{}, spoofed]) {
    const page = await ask("GET", at, { headers });
    expect(page.status).toBe(200);
    expect(page.text).toContain(`name="millrace-base" content="${prefix}"`);
    expect(page.text).toMatch(new RegExp(`src="${prefix}/assets/`));
    const link = /<([^>]+)>; rel="alternate"/.exec(String(page.headers["link"]))?.[1] ?? "";
    expect(link).toBe(`${url}/oembed?url=${encodeURIComponent(at)}`);
    expect(String(page.headers["set-cookie"])).toContain(`Path=${prefix === "" ? "/" : prefix}`);
    expect(String(page.headers["set-cookie"])).toContain("Secure");
    const document = await ask("GET", link, { headers });
    expect(JSON.parse(document.text).html).toContain(`src="${url}/embed/${stream}"`);
  }
  const script = /src="([^"]+\.js)"/.exec((await ask("GET", at)).text)?.[1] ?? "";
  expect((await ask("GET", new URL(script, url).href)).status).toBe(200);
}

async function expectWhip({ url, prefix }: Place): Promise<void> {
  const sides = [
    { path: "/whip/live/text", direction: "sendonly", name: "whip" },
    { path: `/whep/${stream}`, direction: "recvonly", name: "whep" },
  ] as const;
  for (const { path, direction, name } of sides) {
    const offer = textOffer([{ kind: "audio", direction, codec: "opus/48000/2" }]);
    const sdp = { "Content-Type": "application/sdp" };
    const made = await ask("POST", `${url}${path}`, { headers: sdp, body: offer });
    expect(made.status, made.text).toBe(201);
    const location = String(made.headers.location);
    expect(location).toMatch(new RegExp(`^${prefix}/${name}/`));
    expect(String(made.headers["link"])).toContain('rel="ice-server"');
    const session = new URL(location, url).href;
    const headers = {
      "Content-Type": "application/trickle-ice-sdpfrag",
      "If-Match": String(made.headers.etag),
    };
    const body =
      "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=end-of-candidates\r\n";
    const patched = await ask("PATCH", session, { headers, body });
    expect(patched.status, patched.text).toBe(204);
    expect((await ask("OPTIONS", `${url}${path}`)).headers["accept-post"]).toBe("application/sdp");
    expect((await ask("DELETE", session)).status).toBe(200);
  }
}

/** Whatever waits for the end of an answer, or for a full buffer, waits for ever here. */
async function expectStreams({ at }: Place): Promise<void> {
  const flv = await firstBytes(`${at}.flv`, 20_000);
  expect(flv.headers["content-type"]).toBe("video/x-flv");
  expect(flv.text.slice(0, 3)).toBe("FLV");
  const events = await firstBytes(`${at}.sse`, 60);
  expect(events.headers["content-type"]).toContain("text/event-stream");
  expect(events.text).toContain("event: stream");
  const pictures = await firstBytes(`${at}.mjpg`, 2000);
  expect(pictures.headers["content-type"]).toContain("multipart/x-mixed-replace");
  expect(pictures.text).toContain("image/jpeg");
  const sound = await firstBytes(`${at}.aac`, 4000, { "Icy-MetaData": "1" });
  expect(sound.headers["content-type"]).toContain("audio/aac");
  expect(Number(sound.headers["icy-metaint"])).toBeGreaterThan(0);
  const snapshot = await ask("GET", `${at}.jpg`);
  expect([snapshot.status, snapshot.text.slice(0, 2)]).toEqual([200, "\xff\xd8"]);
}

async function expectPolls({ at }: Place): Promise<void> {
  const first = await ask("GET", `${at}.poll?hold=0`);
  const { events, next } = JSON.parse(first.text);
  expect(events[0].event).toBe("stream");
  const second = await ask("GET", `${at}.poll?hold=1&after=${next}`);
  expect([200, 204]).toContain(second.status);
}

/** All addresses of playlists, as a player finds them. */
async function expectPlaylists({ at }: Place): Promise<void> {
  const whole = await ask("GET", `${at}.m3u8`);
  expect(whole.status).toBe(200);
  const lines = (text: string): string[] =>
    text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const media = new URL(lines(whole.text)[0] ?? "", `${at}.m3u8`).href;
  expect(media.startsWith(at)).toBe(true);
  let playlist = "";
  await expect
    .poll(
      async () => {
        playlist = (await ask("GET", media)).text;
        return lines(playlist).length;
      },
      { timeout: 30_000 },
    )
    .toBeGreaterThan(0);
  const map = /#EXT-X-MAP:URI="([^"]+)"/.exec(playlist)?.[1] ?? "";
  const part = /#EXT-X-PART:.*URI="([^"]+)"/.exec(playlist)?.[1] ?? "";
  const hint = /#EXT-X-PRELOAD-HINT:.*URI="([^"]+)"/.exec(playlist)?.[1] ?? "";
  for (const uri of [map, lines(playlist)[0] ?? "", part, hint]) {
    const piece = await ask("GET", new URL(uri, media).href);
    expect(piece.status, uri).toBe(200);
    expect(piece.text.length, uri).toBeGreaterThan(100);
  }
}

async function expectSockets({ url, at, prefix }: Place): Promise<void> {
  const flv = new WebSocket(`${at.replace(/^http/, "ws")}.flv`, { rejectUnauthorized: false });
  const [head] = await new Promise<Buffer[]>((resolve, reject) => {
    flv.once("message", (data) => resolve([data as Buffer])).once("error", reject);
  });
  expect(head?.subarray(0, 3).toString()).toBe("FLV");
  flv.close();
  for (const transport of ["websocket", "polling"] as const) {
    const socket = io(`${new URL(url).origin}/signal`, {
      path: `${prefix}/socket.io/`,
      transports: [transport],
      rejectUnauthorized: false,
      reconnection: false,
    });
    const said = await new Promise<unknown>((resolve, reject) => {
      socket.once("connect_error", reject);
      socket.once("connect", () => {
        socket.timeout(10_000).emit("watch", { stream }, (error: unknown, answer: unknown) => {
          if (error) reject(error);
          else resolve(answer);
        });
      });
    });
    socket.close();
    expect(said, transport).toMatchObject({ ok: true });
  }
}

/** A stream that is read from the front is published through it at the same time: nothing waits for its end. */
async function expectPost({ at, url, gateway }: Place): Promise<void> {
  const source = await open("GET", `${at}.flv`);
  let answered = false;
  const post = open(
    "POST",
    `${url}/live/posted.flv`,
    { headers: { "Content-Type": "video/x-flv" } },
    (request) => source.pipe(request),
  );
  post.then(
    () => (answered = true),
    () => {},
  );
  await expect
    .poll(() => gateway.api("streams/live/posted").catch(() => "not there"), { timeout: 20_000 })
    .toMatchObject({ state: "live", tracks: [{ kind: "video" }, { kind: "audio" }] });
  expect(answered).toBe(false);
  source.destroy();
}

interface ListedViewer {
  readonly address: string;
  readonly transport: string;
}

async function viewersOver(gateway: Gateway, transport: string): Promise<string[]> {
  const { viewers } = await gateway.api<{ viewers: ListedViewer[] }>(
    `viewers?transport=${transport}`,
  );
  return viewers.map(({ address }) => address);
}

/** Who asks is told by the proxy, and by nobody else. */
async function expectClient({ at, gateway }: Place): Promise<void> {
  const response = await open("GET", `${at}.flv`, { headers: spoofed, localAddress: elsewhere });
  response.resume();
  await expect.poll(() => viewersOver(gateway, "http-flv")).toEqual([elsewhere]);
  response.destroy();
  // The proxy lets go of a viewer that left.
  await expect.poll(() => viewersOver(gateway, "http-flv"), { timeout: 20_000 }).toEqual([]);
}

const secret = "a-token-that-no-log-has";

for (const kind of ["nginx", "caddy", "apache"] as const) {
  test.describe(`row 55: ${kind} as it is shipped`, () => {
    test.skip(() => !process.env["CI"] && !hasFront(kind), `${kind} is not installed`);

    test("is liked by its own check", () => {
      for (const underPath of [false, true]) Front.check(kind, underPath);
    });

    for (const underPath of [false, true]) {
      test(`passes every way in and out, ${underPath ? "under a path (row 121)" : "with a host of its own"}`, async ({
        cleanup,
      }) => {
        const place = await openPlace(cleanup, kind, underPath);
        await expectAddresses(place);
        await expectWhip(place);
        await expectStreams(place);
        await expectPolls(place);
        await expectPlaylists(place);
        await expectSockets(place);
        await expectClient(place);
        await expectPost(place);
      });
    }

    if (kind !== "caddy") {
      test("sends pages to HTTPS and refuses what carries media or a token", async ({
        cleanup,
      }) => {
        const { front, url } = await openPlace(cleanup, kind, false);
        const page = await ask("GET", `${front.plainUrl}/${stream}?x=1`);
        const moved = new URL(String(page.headers.location));
        expect([
          page.status,
          moved.protocol,
          moved.hostname,
          moved.pathname + moved.search,
        ]).toEqual([308, "https:", new URL(url).hostname, `/${stream}?x=1`]);
        for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
          expect((await ask(method, `${front.plainUrl}/whip/live/x`)).status).toBe(403);
        }
        for (const base of [front.plainUrl, url]) {
          await ask("GET", `${base}/${stream}?token=${secret}`, {
            headers: { Referer: `${base}/?token=${secret}` },
          });
        }
        await expect.poll(() => front.accessLog.split(`GET /${stream} `).length).toBe(4);
        expect(front.accessLog).not.toContain(secret);
      });
    }
  });
}

test.describe("a front that Millrace was told of, and one that it was not", () => {
  test.skip(() => !process.env["CI"] && !hasFront("nginx"), "nginx is not installed");

  test("what it says is believed only when it was", async ({ cleanup }) => {
    const { gateway, front } = await openPlace(cleanup, "nginx", true, []);
    const page = await ask("GET", `${front.url}/${stream}`);
    expect(page.text).toContain('name="millrace-base" content=""');
    expect(String(page.headers["link"])).toContain("<http://");
    // Nobody gets the rights of this machine through it.
    const offer = textOffer([{ kind: "audio", direction: "sendonly", codec: "opus/48000/2" }]);
    const whip = await ask("POST", `${front.url}/whip/live/mine`, {
      headers: { "Content-Type": "application/sdp" },
      body: offer,
    });
    expect([401, 403]).toContain(whip.status);
    const list = await ask("GET", `${front.url}/api/v1/streams`);
    expect([401, 403]).toContain(list.status);
    // Without it, those headers are anybody's.
    const direct = await ask("GET", `${gateway.url}/${stream}`, { headers: spoofed });
    expect(direct.text).toContain('name="millrace-base" content=""');
    expect(String(direct.headers["link"])).toContain(`<${gateway.url}/oembed`);
  });

  test("another machine than the proxy is not believed", async ({ cleanup }) => {
    const { gateway, url } = await openPlace(cleanup, "nginx", false, [
      ...["--http-trust-proxy", "127.0.0.1", "--http-public-urls", "https://mill.example/tv"],
    ]);
    const asked = { headers: spoofed, localAddress: elsewhere };
    const response = await open("GET", `${gateway.url}/${stream}.flv`, asked);
    response.resume();
    // On this machine and undeclared: nobody knows who that is.
    await expect.poll(() => viewersOver(gateway, "http-flv")).toEqual(["unknown"]);
    response.destroy();
    const page = await ask("GET", `${gateway.url}/${stream}`, asked);
    expect(page.text).toContain('name="millrace-base" content=""');
    // Row 122: whoever asked, what is given away begins with the public address.
    for (const base of [url, gateway.url]) {
      const given = await ask("GET", `${base}/${stream}`);
      expect(String(given.headers["link"])).toContain("<https://mill.example/tv/oembed?");
      expect(given.text).toContain('name="millrace-public" content="https://mill.example/tv"');
    }
  });
});

test.describe("in a browser", () => {
  test.skip(() => !process.env["CI"] && !hasFront("nginx"), "nginx is not installed");
  test.use({ ignoreHTTPSErrors: true });

  test("rows 55, 121–124: a camera is published and watched by WebRTC through nginx under a path, over HTTPS alone", async ({
    page,
    context,
    cleanup,
  }) => {
    const { gateway, url } = await openPlace(cleanup, "nginx", true);
    const asked: string[] = [];
    context.on("request", (request) => asked.push(request.url()));
    const studio = await context.newPage();
    cleanup(() => studio.close());
    await studio.goto(`${url}/publish/live/studio`);
    await studio.getByRole("button", { name: "Turn on camera and microphone" }).click();
    await studio.getByRole("button", { name: "Go live" }).click();
    await expect(studio.getByRole("button", { name: "Stop" })).toBeVisible({ timeout: 20_000 });

    await page.goto(`${url}/live/studio`);
    await watchPictures(page);
    await waitForPictures(page, 60);
    const player = page.locator("millrace-player");
    await expect(player).toHaveJSProperty("state", "playing");
    await expect(player).toHaveJSProperty("transport", "webrtc");
    expect(await viewersOver(gateway, "webrtc")).toHaveLength(1);
    for (const [id, text] of [
      ["share-link", `${url}/live/studio`],
      ["embed-element", `src="${url}/player.js"`],
      ["embed-element", `<noscript><a href="${url}/live/studio">`],
      ["embed-iframe", `src="${url}/embed/live/studio"`],
    ] as const) {
      expect(await page.getByTestId(id).textContent()).toContain(text);
    }
    // Row 124: nothing is asked for by http.
    expect(asked.length).toBeGreaterThan(5);
    expect(
      asked.filter((address) => !address.startsWith(`${url}/`) && !/^(blob|data):/.test(address)),
    ).toEqual([]);
    await studio.getByRole("button", { name: "Stop" }).click();
  });
});
