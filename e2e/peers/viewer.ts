import type { Page } from "@playwright/test";
import { percentile } from "../figures.ts";
import { ageMs, readTimeCode, timeCode } from "./time-code.ts";

/** One picture as it was presented. */
export interface ShownPicture {
  /** When it was shown, milliseconds since 1970. */
  readonly atMs: number;
  /** The cells of its time strip, 0–255 each. */
  readonly cells: readonly number[];
  /** What the player said its latency was at that moment; undefined without a player. */
  readonly playerLatencyMs: number | undefined;
}

export interface WatchReport {
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  /** Longest time between two pictures, milliseconds. */
  readonly longestGapMs: number;
  readonly firstAtMs: number | undefined;
  readonly lastAtMs: number | undefined;
  readonly shown: readonly ShownPicture[];
}

export interface ReceiverStats {
  readonly framesDecoded: number;
  readonly freezeCount: number;
  readonly packetsLost: number;
  readonly totalAudioEnergy: number;
  readonly audioSamples: number;
  readonly concealedSamples: number;
  readonly nackCount: number;
  readonly pliCount: number;
  readonly localCandidate: string;
  readonly dtlsState: string;
  readonly srtpCipher: string;
  readonly videoCodec: string;
  readonly audioCodec: string;
}

interface Watch {
  frames: number;
  longestGapMs: number;
  firstAtMs: number | undefined;
  lastAtMs: number | undefined;
  shown: ShownPicture[];
  inSight(): HTMLVideoElement | undefined;
}

interface WatchWindow extends Window {
  millraceWatch?: Watch;
  millracePeers?: RTCPeerConnection[];
}

/** Call before the page loads anything: keeps hold of its peer connections, for their statistics. */
export async function keepPeerConnections(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const w = window as WatchWindow;
    w.millracePeers = [];
    const Original = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Original {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        w.millracePeers?.push(this);
      }
    };
  });
}

/** How many peer connections the page has made so far. */
export async function peerConnections(page: Page): Promise<number> {
  return await page.evaluate(() => (window as WatchWindow).millracePeers?.length ?? 0);
}

/** Counts and, when asked, samples every picture of the page's video from now on. */
export async function watchPictures(page: Page, sampleTimeCode = false): Promise<void> {
  await page.waitForFunction(() => {
    const player = document.querySelector("millrace-player");
    return (player?.shadowRoot ?? document).querySelector("video") !== null;
  });
  await page.evaluate(
    ({ cells, heightShare, sample }) => {
      const player = document.querySelector("millrace-player");
      // A player has one video in sight, and one in which the next way to play warms up.
      const videos = [...(player?.shadowRoot ?? document).querySelectorAll("video")];
      const isAway = (video: HTMLVideoElement) => video.dataset["testid"] === "video-away";
      const watch: Watch = {
        frames: 0,
        longestGapMs: 0,
        firstAtMs: undefined,
        lastAtMs: undefined,
        shown: [],
        inSight: () => videos.find((video) => !isAway(video)),
      };
      (window as WatchWindow).millraceWatch = watch;
      const canvas = document.createElement("canvas");
      canvas.width = cells;
      canvas.height = 1;
      const context = canvas.getContext("2d", { willReadFrequently: true });
      const onPicture = (video: HTMLVideoElement, metadata: VideoFrameCallbackMetadata) => {
        const atMs = performance.timeOrigin + metadata.expectedDisplayTime;
        if (watch.lastAtMs !== undefined) {
          watch.longestGapMs = Math.max(watch.longestGapMs, atMs - watch.lastAtMs);
        }
        watch.firstAtMs ??= atMs;
        watch.lastAtMs = atMs;
        watch.frames++;
        if (sample && context !== null) {
          const { videoWidth: width, videoHeight: height } = video;
          context.drawImage(video, 0, 0, width, height * heightShare, 0, 0, cells, 1);
          const pixels = context.getImageData(0, 0, cells, 1).data;
          const luma = Array.from({ length: cells }, (_, cell) => pixels[cell * 4 + 1] ?? 0);
          const latency = (player as (Element & { latencyMs?: number }) | null)?.latencyMs;
          watch.shown.push({ atMs, cells: luma, playerLatencyMs: latency });
          if (watch.shown.length > 5000) watch.shown.shift();
        }
      };
      for (const video of videos) {
        const follow: VideoFrameRequestCallback = (_now, metadata) => {
          if (!isAway(video)) onPicture(video, metadata);
          video.requestVideoFrameCallback(follow);
        };
        video.requestVideoFrameCallback(follow);
      }
    },
    {
      cells: timeCode.timeBits + timeCode.checkBits,
      heightShare: timeCode.heightShare,
      sample: sampleTimeCode,
    },
  );
}

/** What was seen since `watchPictures`. */
export async function watchReport(page: Page): Promise<WatchReport> {
  return await page.evaluate(() => {
    const watch = (window as WatchWindow).millraceWatch;
    if (watch === undefined) throw new Error("nobody watches");
    const { frames, longestGapMs, firstAtMs, lastAtMs, shown } = watch;
    const { videoWidth: width = 0, videoHeight: height = 0 } = watch.inSight() ?? {};
    return { frames, longestGapMs, firstAtMs, lastAtMs, shown, width, height };
  });
}

/** Waits until that many more pictures were shown than now. */
export async function waitForPictures(
  page: Page,
  count: number,
  timeoutMs = 30_000,
): Promise<void> {
  const from = (await watchReport(page)).frames;
  await page.waitForFunction(
    (until) => ((window as WatchWindow).millraceWatch?.frames ?? 0) >= until,
    from + count,
    { timeout: timeoutMs, polling: 50 },
  );
}

/** Glass-to-glass delay of each sampled picture whose time could be read, in milliseconds. */
export function pictureDelays(shown: readonly ShownPicture[]): number[] {
  return shown
    .map((picture) => {
      const code = readTimeCode(picture.cells);
      return code === undefined ? undefined : ageMs(code, picture.atMs);
    })
    .filter((delay) => delay !== undefined);
}

/** How far each sampled picture is behind those of the last two seconds or so, which are taken for the live edge. */
export function behindSteady(
  shown: readonly ShownPicture[],
): { readonly atMs: number; readonly byMs: number }[] {
  const delays = shown.flatMap((picture) => {
    const delay = pictureDelays([picture])[0];
    return delay === undefined ? [] : [{ atMs: picture.atMs, delay }];
  });
  const steady = percentile(
    delays.slice(-60).map(({ delay }) => delay),
    0.5,
  );
  return delays.map(({ atMs, delay }) => ({ atMs, byMs: delay - steady }));
}

/** The receiving side's figures of the page's newest peer connection. */
export async function receiverStats(page: Page): Promise<ReceiverStats> {
  return await page.evaluate(async () => {
    const peer = (window as WatchWindow).millracePeers?.at(-1);
    if (peer === undefined) throw new Error("the page has no peer connection");
    const stats = await peer.getStats();
    // biome-ignore lint/suspicious/noExplicitAny: the fields of a report depend on its type.
    const reports: any[] = [...stats.values()];
    const inbound = (kind: string) =>
      reports.find((report) => report.type === "inbound-rtp" && report.kind === kind) ?? {};
    const video = inbound("video");
    const audio = inbound("audio");
    const transport = reports.find((report) => report.type === "transport") ?? {};
    const pair = stats.get(transport.selectedCandidatePairId) ?? {};
    return {
      framesDecoded: video.framesDecoded ?? 0,
      freezeCount: video.freezeCount ?? 0,
      packetsLost: (video.packetsLost ?? 0) + (audio.packetsLost ?? 0),
      totalAudioEnergy: audio.totalAudioEnergy ?? 0,
      audioSamples: audio.totalSamplesReceived ?? 0,
      concealedSamples: audio.concealedSamples ?? 0,
      nackCount: video.nackCount ?? 0,
      pliCount: video.pliCount ?? 0,
      localCandidate: stats.get(pair.localCandidateId)?.candidateType ?? "",
      dtlsState: transport.dtlsState ?? "",
      srtpCipher: transport.srtpCipher ?? "",
      videoCodec: stats.get(video.codecId)?.mimeType ?? "",
      audioCodec: stats.get(audio.codecId)?.mimeType ?? "",
    };
  });
}

/** By how much the picture is played before the sound of the same moment, as the browser estimates it. Milliseconds. */
export async function playbackSkewMs(page: Page): Promise<number> {
  return await page.evaluate(async () => {
    const peer = (window as WatchWindow).millracePeers?.at(-1);
    if (peer === undefined) throw new Error("the page has no peer connection");
    // biome-ignore lint/suspicious/noExplicitAny: the fields of a report depend on its type.
    const reports: any[] = [...(await peer.getStats()).values()];
    const at = (kind: string): number =>
      reports.find((report) => report.type === "inbound-rtp" && report.kind === kind)
        ?.estimatedPlayoutTimestamp ?? Number.NaN;
    return at("video") - at("audio");
  });
}

/** Plays a stream by plain WHEP, as a third-party player does: one POST, no signaling. */
export async function playByWhep(page: Page, url: string): Promise<void> {
  await page.evaluate(async (endpoint) => {
    const peer = new RTCPeerConnection();
    const video = document.createElement("video");
    video.autoplay = true;
    document.body.append(video);
    const media = new MediaStream();
    video.srcObject = media;
    peer.addEventListener("track", ({ track }) => media.addTrack(track));
    peer.addTransceiver("video", { direction: "recvonly" });
    peer.addTransceiver("audio", { direction: "recvonly" });
    await peer.setLocalDescription();
    const response = await fetch(endpoint, {
      method: "POST",
      headers: { "content-type": "application/sdp" },
      body: peer.localDescription?.sdp ?? "",
    });
    if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
    await peer.setRemoteDescription({ type: "answer", sdp: await response.text() });
  }, url);
}
