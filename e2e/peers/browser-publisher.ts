import type { Page } from "@playwright/test";

/** Flags with which Chromium has a camera that shows a moving picture and a microphone that beeps, and asks nobody. */
export const fakeMediaFlags: readonly string[] = [
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream=fps=30",
];

export interface PublishOptions {
  readonly codec?: "H264" | "VP8" | "VP9" | "AV1";
  readonly width?: number;
  readonly height?: number;
  readonly fps?: number;
  /** Of the whole video; the browser's own choice when absent. */
  readonly maxBitrateKbps?: number;
  /** Three layers, `l`, `m` and `h`, of a quarter, half and the whole size. */
  readonly simulcast?: boolean;
  readonly token?: string;
  /** A picture that takes every bit it may have, in place of the camera's. */
  readonly noise?: boolean;
}

/** What the publisher's browser says about what it sends. */
export interface SenderStats {
  readonly bytesSent: number;
  readonly framesSent: number;
  readonly framesPerSecond: number;
  readonly frameWidth: number;
  readonly targetBitrateBps: number;
  readonly nackCount: number;
  readonly pliCount: number;
  readonly limitation: string;
  readonly roundTripMs: number;
  readonly codec: string;
  readonly layers: readonly { readonly rid: string; readonly framesSent: number }[];
}

interface PublishWindow extends Window {
  millracePublishers?: { peer: RTCPeerConnection; resource: string; etag: string }[];
}

/** Publishes camera and microphone by WHIP, as a web page that never heard of Millrace does. Returns when connected. */
export async function publishByWhip(
  page: Page,
  endpoint: string,
  options: PublishOptions = {},
): Promise<void> {
  await page.evaluate(
    async ({ endpoint, options }) => {
      const { width = 1280, height = 720, fps = 30 } = options;
      const media = await navigator.mediaDevices.getUserMedia({
        video: { width, height, frameRate: fps },
        audio: true,
      });
      const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
      const drawNoise = () => {
        const canvas = document.createElement("canvas");
        canvas.width = width;
        canvas.height = height;
        const context = canvas.getContext("2d");
        let drawn = 0;
        setInterval(() => {
          drawn++;
          for (let i = 0; i < 150 && context !== null; i++) {
            context.fillStyle = `hsl(${(drawn * 7 + i * 37) % 360} 70% ${20 + ((i * 13 + drawn) % 60)}%)`;
            context.fillRect(Math.random() * width, Math.random() * height, 90, 60);
          }
        }, 1000 / fps);
        return canvas.captureStream(fps).getVideoTracks();
      };
      const [video] = options.noise ? drawNoise() : media.getVideoTracks();
      const [audio] = media.getAudioTracks();
      if (video === undefined || audio === undefined) throw new Error("no camera or microphone");
      const layer = (rid: string, scale: number, share: number) => ({
        rid,
        scaleResolutionDownBy: scale,
        ...(options.maxBitrateKbps && { maxBitrate: options.maxBitrateKbps * 1000 * share }),
      });
      const sendEncodings = options.simulcast
        ? [layer("l", 4, 0.07), layer("m", 2, 0.23), layer("h", 1, 0.7)]
        : [options.maxBitrateKbps ? { maxBitrate: options.maxBitrateKbps * 1000 } : {}];
      const transceiver = peer.addTransceiver(video, {
        direction: "sendonly",
        streams: [media],
        sendEncodings,
      });
      // A machine that is busy with tests may send fewer pictures, but of the size that was asked for.
      const parameters = transceiver.sender.getParameters();
      parameters.degradationPreference = "maintain-resolution";
      await transceiver.sender.setParameters(parameters);
      peer.addTransceiver(audio, { direction: "sendonly", streams: [media] });
      if (options.codec !== undefined) {
        const all = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
        const wanted = `video/${options.codec}`.toLowerCase();
        const first = all.filter((codec) => codec.mimeType.toLowerCase() === wanted);
        const helpers = all.filter((codec) => /\/(rtx|red|ulpfec)$/i.test(codec.mimeType));
        transceiver.setCodecPreferences([...first, ...helpers]);
      }
      await peer.setLocalDescription();
      const response = await fetch(endpoint, {
        method: "POST",
        headers: {
          "content-type": "application/sdp",
          ...(options.token && { authorization: `Bearer ${options.token}` }),
        },
        body: peer.localDescription?.sdp ?? "",
      });
      if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
      await peer.setRemoteDescription({ type: "answer", sdp: await response.text() });
      const w = window as PublishWindow;
      w.millracePublishers ??= [];
      w.millracePublishers.push({
        peer,
        resource: new URL(response.headers.get("location") ?? "", endpoint).href,
        etag: response.headers.get("etag") ?? "",
      });
      await new Promise<void>((resolve, reject) => {
        const check = () => {
          if (peer.connectionState === "connected") resolve();
          if (peer.connectionState === "failed") reject(new Error("the connection failed"));
        };
        peer.addEventListener("connectionstatechange", check);
        check();
      });
    },
    { endpoint, options },
  );
}

/** Ends what was published last with a DELETE, as WHIP wants it. Returns the HTTP status. */
export async function stopWhip(page: Page): Promise<number> {
  return await page.evaluate(async () => {
    const publisher = (window as PublishWindow).millracePublishers?.pop();
    if (publisher === undefined) throw new Error("nothing is published");
    const response = await fetch(publisher.resource, { method: "DELETE" });
    publisher.peer.close();
    return response.status;
  });
}

/** Figures of what was published last. */
export async function senderStats(page: Page): Promise<SenderStats> {
  return await page.evaluate(async () => {
    const peer = (window as PublishWindow).millracePublishers?.at(-1)?.peer;
    if (peer === undefined) throw new Error("nothing is published");
    const stats = await peer.getStats();
    // biome-ignore lint/suspicious/noExplicitAny: the fields of a report depend on its type.
    const reports: any[] = [...stats.values()];
    const videos = reports.filter((r) => r.type === "outbound-rtp" && r.kind === "video");
    const largest = videos.reduce(
      (best, next) => ((next.frameWidth ?? 0) > (best.frameWidth ?? 0) ? next : best),
      videos[0] ?? {},
    );
    const sum = (key: string) => videos.reduce((total, next) => total + (next[key] ?? 0), 0);
    const remote = reports.find((r) => r.type === "remote-inbound-rtp" && r.kind === "video") ?? {};
    return {
      bytesSent: sum("bytesSent"),
      framesSent: largest.framesSent ?? 0,
      framesPerSecond: largest.framesPerSecond ?? 0,
      frameWidth: largest.frameWidth ?? 0,
      targetBitrateBps: sum("targetBitrate"),
      nackCount: sum("nackCount"),
      pliCount: sum("pliCount"),
      limitation: largest.qualityLimitationReason ?? "",
      roundTripMs: (remote.roundTripTime ?? 0) * 1000,
      codec: stats.get(largest.codecId)?.mimeType ?? "",
      layers: videos.map((r) => ({ rid: r.rid ?? "", framesSent: r.framesSent ?? 0 })),
    };
  });
}
