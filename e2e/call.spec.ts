import { fileURLToPath } from "node:url";
import type { Browser, Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import {
  keepPeerConnections,
  receiverStats,
  waitForPictures,
  watchPictures,
} from "./peers/viewer.ts";

const socketIo = fileURLToPath(
  new URL("../node_modules/socket.io-client/dist/socket.io.min.js", import.meta.url),
);

test.use({
  launchOptions: {
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--autoplay-policy=no-user-gesture-required",
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
    ],
  },
});

interface Socket {
  on(event: string, listener: (message: never) => void): void;
  emitWithAck(event: string, message: object): Promise<Reply>;
  disconnect(): void;
}

interface Reply {
  readonly ok: boolean;
  readonly error?: { readonly code: string };
  readonly call: string;
  readonly polite: boolean;
  readonly iceServers: RTCIceServer[];
  readonly peers: number;
}

interface CallWindow extends Window {
  io(url: string, options: object): Socket;
  /** Writes into the trace that all pages share; settles when it is written. */
  traceStep(step: string): Promise<void>;
  call?: {
    readonly socket: Socket;
    readonly id: string;
    readonly polite: boolean;
    readonly peersAtFirst: number;
    /** What `call-peer` said, in order. */
    readonly presence: boolean[];
    pc: RTCPeerConnection;
  };
}

/** A page with camera and microphone that knows nothing but socket.io and signaling/PROTOCOL.md. */
async function openCaller(browser: Browser, url: string, trace: string[]): Promise<Page> {
  const context = await browser.newContext({ permissions: ["camera", "microphone"] });
  const page = await context.newPage();
  await keepPeerConnections(page);
  await page.exposeFunction("traceStep", (step: string) => void trace.push(step));
  await page.goto(`${url}/healthz`);
  await page.addScriptTag({ path: socketIo });
  return page;
}

/** Takes a place in the room and calls whoever is there, or comes. */
async function callFrom(page: Page, name: string, room: string): Promise<void> {
  await page.evaluate(
    async ({ name, room }) => {
      const w = window as unknown as CallWindow;
      type Described = { description: RTCSessionDescriptionInit };
      const socket = w.io(`${location.origin}/signal`, { transports: ["websocket"] });
      const media = await navigator.mediaDevices.getUserMedia({
        video: { width: 640, height: 360 },
        audio: true,
      });
      const joined = await socket.emitWithAck("call", { room });
      if (!joined.ok) throw new Error(joined.error?.code);
      const { call, polite } = joined;
      const presence: boolean[] = [];
      const step = (what: string): Promise<void> => w.traceStep(`${name} ${what}`);
      const say = async (event: string, body: object): Promise<void> => {
        const reply = await socket.emitWithAck(event, { call, ...body });
        if (!reply.ok) throw new Error(`${event}: ${reply.error?.code}`);
      };
      const video = document.createElement("video");
      video.autoplay = true;
      document.body.append(video);
      const connect = (): RTCPeerConnection => {
        const pc = new RTCPeerConnection({ iceServers: joined.iceServers });
        const shown = new MediaStream();
        video.srcObject = shown;
        pc.addEventListener("track", ({ track }) => shown.addTrack(track));
        for (const track of media.getTracks()) pc.addTrack(track, media);
        pc.addEventListener("icecandidate", ({ candidate }) => {
          void say("call-candidate", { candidate: candidate?.toJSON() ?? null });
        });
        return pc;
      };
      const state = {
        socket,
        id: call,
        polite,
        peersAtFirst: joined.peers,
        presence,
        pc: connect(),
      };
      w.call = state;

      const offer = async (): Promise<void> => {
        const description = await state.pc.createOffer();
        await step("createOffer");
        await state.pc.setLocalDescription(description);
        await step("setLocal offer");
        await step("sends offer");
        await say("call-description", { description: { type: "offer", sdp: description.sdp } });
      };
      const answer = async (): Promise<void> => {
        const description = await state.pc.createAnswer();
        await step("createAnswer");
        await state.pc.setLocalDescription(description);
        await step("setLocal answer");
        await step("sends answer");
        await say("call-description", { description: { type: "answer", sdp: description.sdp } });
      };
      // Candidates may come before the description that they belong to.
      let early: (RTCIceCandidateInit | null)[] = [];
      // One thing after the other.
      let turn: Promise<unknown> = Promise.resolve();
      const inTurn = (act: () => Promise<unknown>): void => {
        turn = turn.then(act);
      };
      socket.on("call-peer", ({ present }: { present: boolean }) => {
        presence.push(present);
        inTurn(async () => {
          if (present && !polite) return await offer();
          if (present) return;
          // Who comes next is somebody else.
          state.pc.close();
          state.pc = connect();
          early = [];
        });
      });
      socket.on("call-description", ({ description }: Described) =>
        inTurn(async () => {
          await state.pc.setRemoteDescription(description);
          await step(`setRemote ${description.type}`);
          for (const candidate of early.splice(0)) await state.pc.addIceCandidate(candidate);
          if (description.type === "offer") await answer();
        }),
      );
      socket.on("call-candidate", ({ candidate }: { candidate: RTCIceCandidateInit | null }) =>
        inTurn(async () => {
          if (state.pc.remoteDescription === null) early.push(candidate);
          else await state.pc.addIceCandidate(candidate);
        }),
      );
    },
    { name, room },
  );
}

interface Path {
  readonly local: string;
  readonly remote: string;
  readonly remotePort: number;
}

/** Between which addresses the media of the page's call goes. */
async function mediaPath(page: Page): Promise<Path> {
  return await page.evaluate(async () => {
    const stats = await (window as unknown as CallWindow).call?.pc.getStats();
    // biome-ignore lint/suspicious/noExplicitAny: the fields of a report depend on its type.
    const of = (id: string): any => stats?.get(id) ?? {};
    const transport = [...(stats?.values() ?? [])].find(({ type }) => type === "transport");
    const pair = of(transport?.selectedCandidatePairId);
    const [local, remote] = [of(pair.localCandidateId), of(pair.remoteCandidateId)];
    return {
      local: `${local.address}:${local.port}`,
      remote: `${remote.address}:${remote.port}`,
      remotePort: remote.port,
    };
  });
}

async function seesAndHears(page: Page): Promise<void> {
  await watchPictures(page);
  await waitForPictures(page, 30);
  await expect
    .poll(async () => (await receiverStats(page)).totalAudioEnergy, { timeout: 20_000 })
    .toBeGreaterThan(0);
  const { framesDecoded } = await receiverStats(page);
  await expect
    .poll(async () => (await receiverStats(page)).framesDecoded, { timeout: 20_000 })
    .toBeGreaterThan(framesDecoded + 30);
}

const presenceOf = (page: Page): Promise<readonly boolean[] | undefined> =>
  page.evaluate(() => (window as unknown as CallWindow).call?.presence);

test("two browsers in a room see and hear each other directly, and one is told when the other hangs up", async ({
  browser,
  gateway,
}) => {
  const trace: string[] = [];
  const alice = await openCaller(browser, gateway.url, trace);
  const bob = await openCaller(browser, gateway.url, trace);
  await callFrom(alice, "Alice", "rooms/46");
  await callFrom(bob, "Bob", "rooms/46");
  const roles = await Promise.all(
    [alice, bob].map((page) =>
      page.evaluate(() => {
        const { polite, peersAtFirst } = (window as unknown as CallWindow).call ?? {};
        return { polite, peersAtFirst };
      }),
    ),
  );
  expect(roles).toEqual([
    { polite: false, peersAtFirst: 0 },
    { polite: true, peersAtFirst: 1 },
  ]);

  await seesAndHears(alice);
  await seesAndHears(bob);
  expect(trace).toEqual([
    "Alice createOffer",
    "Alice setLocal offer",
    "Alice sends offer",
    "Bob setRemote offer",
    "Bob createAnswer",
    "Bob setLocal answer",
    "Bob sends answer",
    "Alice setRemote answer",
  ]);

  const [ofAlice, ofBob] = [await mediaPath(alice), await mediaPath(bob)];
  expect([ofAlice.remote, ofBob.remote]).toEqual([ofBob.local, ofAlice.local]);
  const { rtc, http } = gateway.ports;
  expect([rtc, http]).not.toContain(ofAlice.remotePort);
  expect([rtc, http]).not.toContain(ofBob.remotePort);

  const carol = await openCaller(browser, gateway.url, trace);
  await expect(callFrom(carol, "Carol", "rooms/46")).rejects.toThrow("ROOM_FULL");
  expect(await presenceOf(alice)).toEqual([true]);

  const hungUp = await bob.evaluate(() => {
    const { socket, id } = (window as unknown as CallWindow).call ?? {};
    return socket?.emitWithAck("hangup", { call: id });
  });
  expect(hungUp).toEqual({ ok: true });
  await expect.poll(() => presenceOf(alice)).toEqual([true, false]);
  for (const page of [alice, bob, carol]) await page.context().close();
});

test("a page that leaves is missed at once, and who comes next is called", async ({
  browser,
  gateway,
}) => {
  const trace: string[] = [];
  const alice = await openCaller(browser, gateway.url, trace);
  const bob = await openCaller(browser, gateway.url, trace);
  await callFrom(alice, "Alice", "rooms/next");
  await callFrom(bob, "Bob", "rooms/next");
  await expect.poll(() => trace.at(-1)).toBe("Alice setRemote answer");
  await bob.evaluate(() => (window as unknown as CallWindow).call?.socket.disconnect());
  await expect.poll(() => presenceOf(alice)).toEqual([true, false]);

  const carol = await openCaller(browser, gateway.url, trace);
  await callFrom(carol, "Carol", "rooms/next");
  await seesAndHears(carol);
  await seesAndHears(alice);
  expect(trace.slice(8)).toEqual(trace.slice(0, 8).map((step) => step.replace("Bob", "Carol")));
  for (const page of [alice, bob, carol]) await page.context().close();
});
