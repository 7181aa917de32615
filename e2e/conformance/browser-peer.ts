import type { Page } from "@playwright/test";

/** What the browser says about its media and transport. */
export interface PeerStats {
  readonly connectionState: string;
  readonly dtlsState: string;
  readonly framesEncoded: number;
  /** Reports of the server about what we send. */
  readonly reports: number;
  readonly framesDecoded: number;
  readonly audioSamples: number;
  /** Of the pair that carries media now. */
  readonly localUfrag: string | undefined;
}

interface Kept {
  readonly peer: RTCPeerConnection;
  readonly candidates: string[];
  readonly stop: () => void;
}

interface KeepingWindow extends Window {
  conformancePeers?: Kept[];
}

const connectTimeoutMs = 15_000;

/** A peer connection in a headless browser: full ICE, real media. It talks to no server; its owner carries the descriptions. */
export class BrowserPeer {
  readonly #page: Page;
  readonly #index: number;

  private constructor(page: Page, index: number) {
    this.#page = page;
    this.#index = index;
  }

  /** One that sends a moving picture and a tone, or receives both. */
  static async open(page: Page, role: "publish" | "watch"): Promise<BrowserPeer> {
    const index = await page.evaluate((publishes) => {
      const w = window as KeepingWindow;
      w.conformancePeers ??= [];
      const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
      const candidates: string[] = [];
      peer.addEventListener("icecandidate", ({ candidate }) => {
        if (candidate?.candidate) candidates.push(candidate.candidate);
      });
      let stop = (): void => peer.close();
      if (publishes) {
        const canvas = document.createElement("canvas");
        canvas.width = 640;
        canvas.height = 360;
        const context = canvas.getContext("2d");
        let n = 0;
        const timer = setInterval(() => {
          n += 1;
          if (context === null) return;
          context.fillStyle = `hsl(${n % 360} 80% 50%)`;
          context.fillRect(0, 0, 640, 360);
          context.fillStyle = "white";
          context.fillRect((n * 7) % 600, 160, 40, 40);
        }, 33);
        const sound = new AudioContext();
        const tone = sound.createOscillator();
        const out = sound.createMediaStreamDestination();
        tone.connect(out);
        tone.start();
        const stream = canvas.captureStream(30);
        for (const track of out.stream.getAudioTracks()) stream.addTrack(track);
        for (const track of [...stream.getAudioTracks(), ...stream.getVideoTracks()]) {
          peer.addTransceiver(track, { direction: "sendonly", streams: [stream] });
        }
        stop = () => {
          clearInterval(timer);
          void sound.close();
          peer.close();
        };
      } else {
        const video = document.createElement("video");
        video.muted = true;
        video.autoplay = true;
        document.body.append(video);
        const media = new MediaStream();
        video.srcObject = media;
        peer.addEventListener("track", ({ track }) => media.addTrack(track));
        peer.addTransceiver("audio", { direction: "recvonly" });
        peer.addTransceiver("video", { direction: "recvonly" });
        stop = () => {
          video.remove();
          peer.close();
        };
      }
      return w.conformancePeers.push({ peer, candidates, stop }) - 1;
    }, role === "publish");
    return new BrowserPeer(page, index);
  }

  /** An offer, with the candidates that are known by then; `restart` with new ICE credentials. */
  async offer(restart = false): Promise<string> {
    return await this.#page.evaluate(
      async ({ index, iceRestart }) => {
        const peer = (window as KeepingWindow).conformancePeers?.[index]?.peer;
        if (peer === undefined) throw new Error("no such peer");
        await peer.setLocalDescription(await peer.createOffer({ iceRestart }));
        return peer.localDescription?.sdp ?? "";
      },
      { index: this.#index, iceRestart: restart },
    );
  }

  /** Takes the server's answer. */
  async accept(answerSdp: string): Promise<void> {
    await this.#page.evaluate(
      async ({ index, sdp }) => {
        const peer = (window as KeepingWindow).conformancePeers?.[index]?.peer;
        await peer?.setRemoteDescription({ type: "answer", sdp });
      },
      { index: this.#index, sdp: answerSdp },
    );
  }

  /** Takes the server's own offer and answers it (WHEP's counter-offer). */
  async answer(offerSdp: string): Promise<string> {
    return await this.#page.evaluate(
      async ({ index, sdp }) => {
        const peer = (window as KeepingWindow).conformancePeers?.[index]?.peer;
        if (peer === undefined) throw new Error("no such peer");
        if (peer.signalingState === "have-local-offer") {
          await peer.setLocalDescription({ type: "rollback" });
        }
        await peer.setRemoteDescription({ type: "offer", sdp });
        await peer.setLocalDescription(await peer.createAnswer());
        return peer.localDescription?.sdp ?? "";
      },
      { index: this.#index, sdp: offerSdp },
    );
  }

  /** `candidate:…` lines that were gathered, after waiting for the first one. */
  async candidates(): Promise<readonly string[]> {
    const found = await this.#page.waitForFunction(
      (index) => {
        const kept = (window as KeepingWindow).conformancePeers?.[index];
        return kept !== undefined && kept.candidates.length > 0 ? [...kept.candidates] : undefined;
      },
      this.#index,
      { timeout: connectTimeoutMs, polling: 50 },
    );
    return (await found.jsonValue()) ?? [];
  }

  /** Waits until ICE and DTLS are through. */
  async connected(): Promise<void> {
    await this.until((stats) => stats.connectionState === "connected", "connected");
  }

  async stats(): Promise<PeerStats> {
    return await this.#page.evaluate(async (index) => {
      const peer = (window as KeepingWindow).conformancePeers?.[index]?.peer;
      if (peer === undefined) throw new Error("no such peer");
      const stats = await peer.getStats();
      // biome-ignore lint/suspicious/noExplicitAny: the fields of a report depend on its type.
      const reports: any[] = [...stats.values()];
      const find = (type: string, kind?: string) =>
        reports.find((r) => r.type === type && (kind === undefined || r.kind === kind)) ?? {};
      const transport = find("transport");
      const pair = stats.get(transport.selectedCandidatePairId) ?? {};
      return {
        connectionState: peer.connectionState,
        dtlsState: transport.dtlsState ?? "",
        framesEncoded: find("outbound-rtp", "video").framesEncoded ?? 0,
        reports: find("remote-inbound-rtp", "video").roundTripTimeMeasurements ?? 0,
        framesDecoded: find("inbound-rtp", "video").framesDecoded ?? 0,
        audioSamples: find("inbound-rtp", "audio").totalSamplesReceived ?? 0,
        localUfrag: stats.get(pair.localCandidateId)?.usernameFragment,
      };
    }, this.#index);
  }

  /** Waits until the statistics are as wanted; tells the last ones when they never are. */
  async until(
    wanted: (stats: PeerStats) => boolean,
    what: string,
    timeoutMs: number = connectTimeoutMs,
  ): Promise<PeerStats> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const stats = await this.stats();
      if (wanted(stats)) return stats;
      if (Date.now() > deadline) throw new Error(`not ${what}: ${JSON.stringify(stats)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Stops its media and closes it. May be called twice. */
  async close(): Promise<void> {
    await this.#page.evaluate(
      (index) => (window as KeepingWindow).conformancePeers?.[index]?.stop(),
      this.#index,
    );
  }
}
