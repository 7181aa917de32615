import { RTCPeerConnection, RTCRtpCodecParameters, useH264, useOPUS } from "werift";

/** What came on one line. */
export class LineCount {
  /** Extended beyond 16 bits. */
  readonly #sequences = new Set<number>();
  #newest: number | undefined;
  #oldest = Number.POSITIVE_INFINITY;

  /** Packets without those that came twice. */
  get packets(): number {
    return this.#sequences.size;
  }

  /** Sequence numbers between the first and the last that never came. */
  get missing(): number {
    if (this.#newest === undefined) return 0;
    return this.#newest - this.#oldest + 1 - this.#sequences.size;
  }

  take(sequence: number): void {
    const newest = this.#newest ?? sequence;
    const extended = newest + (((sequence - newest) << 16) >> 16);
    this.#sequences.add(extended);
    this.#newest = Math.max(newest, extended);
    this.#oldest = Math.min(this.#oldest, extended);
  }
}

/** Watches over WHEP without a browser, on 127.0.0.1, and counts packets. */
export class PlainViewer {
  readonly video: LineCount = new LineCount();
  readonly audio: LineCount = new LineCount();
  readonly #connection: RTCPeerConnection;
  #session: string | undefined;

  private constructor(connection: RTCPeerConnection) {
    this.#connection = connection;
  }

  /** Posts an offer to that WHEP address and applies the answer. */
  static async watch(url: string): Promise<PlainViewer> {
    const rtx = new RTCRtpCodecParameters({
      mimeType: "video/rtx",
      clockRate: 90_000,
      rtcpFeedback: [],
    });
    const connection = new RTCPeerConnection({
      iceServers: [],
      iceUseIpv6: false,
      iceAdditionalHostAddresses: ["127.0.0.1"],
      iceInterfaceAddresses: { udp4: "127.0.0.1" },
      bundlePolicy: "max-bundle",
      codecs: { audio: [useOPUS()], video: [useH264(), rtx] },
    });
    const viewer = new PlainViewer(connection);
    connection.onTrack.subscribe((track) => {
      const count = track.kind === "video" ? viewer.video : viewer.audio;
      track.onReceiveRtp.subscribe(({ header }) => count.take(header.sequenceNumber));
    });
    connection.addTransceiver("video", { direction: "recvonly" });
    connection.addTransceiver("audio", { direction: "recvonly" });
    for (const transport of connection.iceTransports) {
      // No servers means a public STUN server to werift.
      Reflect.set(transport.connection, "stunServer", undefined);
    }
    try {
      await viewer.#negotiate(url);
    } catch (error) {
      await viewer.close();
      throw error;
    }
    return viewer;
  }

  /** Leaves. */
  async close(): Promise<void> {
    if (this.#session !== undefined) await fetch(this.#session, { method: "DELETE" });
    this.#session = undefined;
    await this.#connection.close();
  }

  async #negotiate(url: string): Promise<void> {
    const connection = this.#connection;
    await connection.setLocalDescription(await connection.createOffer());
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/sdp" },
      body: connection.localDescription?.sdp ?? "",
    });
    const answer = await response.text();
    if (response.status !== 201) throw new Error(`WHEP: ${response.status} ${answer}`);
    this.#session = new URL(response.headers.get("Location") ?? "", url).href;
    await connection.setRemoteDescription({ type: "answer", sdp: answer });
  }
}
