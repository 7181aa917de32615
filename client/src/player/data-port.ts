/** The channel that `send` uses without another name, and the one that is opened for an empty attribute `data`. */
export const defaultDataLabel = "data";
/** Channels that an attribute `data` may name; as many as the server lets a peer have. */
export const maxDataChannels = 16;
/** Longest name of a channel in an attribute, characters. */
export const maxDataLabelLength = 64;
/** Longest message that the server passes on, bytes. */
export const maxDataMessageBytes: number = 64 * 1024;
/** Bytes that may wait on a channel; with more than that a message is not taken. */
export const maxDataWaitingBytes: number = 1024 * 1024;

/** A message of the stream's data channels. Text comes as text, bytes as bytes. */
export interface DataMessage {
  /** Name of the channel. */
  readonly label: string;
  readonly data: string | ArrayBuffer;
}

/** What can be sent. */
export type SendableData = string | ArrayBuffer | ArrayBufferView<ArrayBuffer>;

/** What a port needs of an `RTCPeerConnection`. */
export type DataPeer = Pick<RTCPeerConnection, "createDataChannel" | "addEventListener">;

export interface DataPortOptions {
  /** Channels to open with each connection from now on; none: data is not negotiated. */
  labels(): readonly string[];
  told(message: DataMessage): void;
}

/**
 * The data channels of a player or publisher, over all connections that it makes one after the other (RFC 8831). While
 * one connection replaces another, only what the older one brings is told, so that no message is told twice.
 */
export class DataPort {
  readonly #options: DataPortOptions;
  /** The channels of each connection, oldest connection first. */
  #peers: Set<RTCDataChannel>[] = [];

  constructor(options: DataPortOptions) {
    this.#options = options;
  }

  /** Takes a new connection, before its first offer. It is forgotten when its channels have closed. */
  join(peer: DataPeer): void {
    const labels = this.#options.labels();
    if (labels.length === 0) return;
    const channels = new Set<RTCDataChannel>();
    this.#forgetClosed();
    this.#peers.push(channels);
    for (const label of labels) this.#add(channels, peer.createDataChannel(label));
    peer.addEventListener("datachannel", ({ channel }) => this.#add(channels, channel));
  }

  /**
   * Sends a message, text or bytes, on the channel of that name. False and nothing sent without a channel that is open,
   * when too much waits already, and when the message is too long.
   */
  send(data: SendableData, label: string = defaultDataLabel): boolean {
    const bytes =
      typeof data === "string" ? new TextEncoder().encode(data).length : data.byteLength;
    const channel = this.#open(label);
    if (channel === undefined || bytes > maxDataMessageBytes) return false;
    if (channel.bufferedAmount + bytes > maxDataWaitingBytes) return false;
    // Overloads of the platform's types, one for each kind.
    if (typeof data === "string") channel.send(data);
    else if (data instanceof ArrayBuffer) channel.send(data);
    else channel.send(data);
    return true;
  }

  #add(channels: Set<RTCDataChannel>, channel: RTCDataChannel): void {
    channel.binaryType = "arraybuffer";
    channels.add(channel);
    channel.addEventListener("close", () => channels.delete(channel));
    channel.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
      this.#forgetClosed();
      const oldest = this.#peers.find((peer) => [...peer].some(isOpen));
      if (oldest === channels) this.#options.told({ label: channel.label, data });
    });
  }

  #open(label: string): RTCDataChannel | undefined {
    for (const channels of this.#peers) {
      for (const channel of channels)
        if (channel.label === label && isOpen(channel)) return channel;
    }
    return undefined;
  }

  /** A connection that its owner closed tells nothing, but its channels are closed. */
  #forgetClosed(): void {
    this.#peers = this.#peers.filter((channels) =>
      [...channels].some(({ readyState }) => readyState !== "closed"),
    );
  }
}

/** The port of an element whose attribute `data` names the channels. */
export function dataPortOf(host: Element, told: (message: DataMessage) => void): DataPort {
  return new DataPort({ labels: () => parseDataLabels(host.getAttribute("data")), told });
}

/** The channels that an attribute `data` names, separated by spaces or commas; none without the attribute. */
export function parseDataLabels(text: string | null): readonly string[] {
  if (text === null) return [];
  const words = text
    .split(/[\s,]+/)
    .filter(({ length }) => length > 0 && length <= maxDataLabelLength);
  const labels = [...new Set(words)].slice(0, maxDataChannels);
  return labels.length > 0 ? labels : [defaultDataLabel];
}

function isOpen({ readyState }: RTCDataChannel): boolean {
  return readyState === "open";
}
