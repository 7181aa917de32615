import {
  CipherContext,
  type RTCDataChannel,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  useH264,
  useOPUS,
} from "werift";
import type { Peer } from "../peer.ts";

/** A werift peer connection that wants video and audio, as a viewer for tests. On 127.0.0.1 only. */
export class WeriftViewer {
  readonly #connection: RTCPeerConnection;

  constructor() {
    const rtx = { mimeType: "video/rtx", clockRate: 90_000, rtcpFeedback: [] };
    this.#connection = new RTCPeerConnection({
      iceServers: [],
      iceUseIpv6: false,
      iceAdditionalHostAddresses: ["127.0.0.1"],
      iceInterfaceAddresses: { udp4: "127.0.0.1" },
      bundlePolicy: "max-bundle",
      codecs: { audio: [useOPUS()], video: [useH264(), new RTCRtpCodecParameters(rtx)] },
    });
    this.#connection.addTransceiver("video", { direction: "recvonly" });
    this.#connection.addTransceiver("audio", { direction: "recvonly" });
    for (const transport of this.#connection.iceTransports) {
      // No servers means a public STUN server to werift.
      Reflect.set(transport.connection, "stunServer", undefined);
    }
  }

  get state(): string {
    return this.#connection.connectionState;
  }

  async offer(): Promise<string> {
    const connection = this.#connection;
    await connection.setLocalDescription(await connection.createOffer());
    return connection.localDescription?.sdp ?? "";
  }

  async accept(answer: string): Promise<void> {
    await this.#connection.setRemoteDescription({ type: "answer", sdp: answer });
  }

  /** Offers, after `change`, and applies the peer's answer. */
  async negotiate(peer: Peer, change: (offer: string) => string = (offer) => offer): Promise<void> {
    await this.accept(await peer.answer(change(await this.offer())));
  }

  /** Resolves when the connection is in that state. */
  async reaches(state: string): Promise<void> {
    if (this.state === state) return;
    await this.#connection.connectionStateChange.watch((current) => current === state, 10_000);
  }

  /** Asks for new ICE credentials in the next offer, and makes werift check again with them. */
  async restart(peer: Peer): Promise<void> {
    this.#connection.restartIce();
    await this.negotiate(peer);
    // werift itself never starts again once connected.
    this.#connection.iceTransports[0]?.start().catch(() => {});
  }

  /** Sends any datagram from the viewer's own socket, past its DTLS. */
  async sendRaw(datagram: Uint8Array): Promise<void> {
    const ice = this.#connection.iceTransports[0];
    await ice?.connection.send(Buffer.from(datagram));
  }

  /** Opens a data channel; before the offer when it is the first one. */
  channel(
    label: string,
    options: { ordered?: boolean; maxRetransmits?: number } = {},
  ): TestChannel {
    return new TestChannel(this.#connection.createDataChannel(label, options));
  }

  /** Tells of channels that the other side opens. */
  onChannel(callback: (channel: TestChannel) => void): void {
    this.#connection.onDataChannel.subscribe((channel) => callback(new TestChannel(channel)));
  }

  /** Sends encrypted RTCP: a picture loss indication. */
  async sendRtcp(): Promise<void> {
    await this.#connection.getTransceivers()[0]?.receiver.sendRtcpPLI(1);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

/** A data channel of werift's that keeps what it gets. */
export class TestChannel {
  readonly got: (string | Buffer)[] = [];
  readonly #channel: RTCDataChannel;

  constructor(channel: RTCDataChannel) {
    this.#channel = channel;
    channel.onMessage.subscribe((message) => this.got.push(message));
  }

  get label(): string {
    return this.#channel.label;
  }

  get state(): string {
    return this.#channel.readyState;
  }

  send(message: string | Buffer): void {
    this.#channel.send(message);
  }

  close(): void {
    this.#channel.close();
  }
}

/** Makes werift's DTLS side wrong until the returned function is called. */
export function tamperWerift(part: "signatureData" | "verifyData", by: () => Buffer): () => void {
  const original = CipherContext.prototype[part];
  CipherContext.prototype[part] = by as never;
  return () => {
    CipherContext.prototype[part] = original as never;
  };
}
