/** Ways to watch and to publish, in the order in which they are shown. */
const names: Readonly<Record<string, string>> = {
  webrtc: "WebRTC",
  whep: "WHEP",
  "ws-flv": "WebSocket-FLV",
  "http-flv": "HTTP-FLV",
  "ll-hls": "LL-HLS",
  "long-poll": "Long-polling",
  sse: "SSE",
  mjpeg: "M-JPEG",
  icy: "ICY sound",
  "rtmp-play": "RTMP play",
  rtmp: "RTMP",
  "flv-tcp": "FLV over TCP",
  "flv-http": "FLV by POST",
  whip: "WHIP",
  demo: "Built-in demo",
};
const order = Object.keys(names);

/** Colours that the style sheet has for transports; a transport that nobody knows takes the last one. */
export const transportColours = 11;

export function transportName(transport: string): string {
  return names[transport] ?? transport;
}

/** Which `--t…` of the style sheet is a transport's. */
export function transportColour(transport: string): number {
  const place = order.indexOf(transport);
  return place < 0 ? transportColours - 1 : Math.min(place, transportColours - 1);
}

/** The best way first, those that nobody knows at the end. */
export function byTransportOrder(a: string, b: string): number {
  const place = (transport: string): number => {
    const at = order.indexOf(transport);
    return at < 0 ? order.length : at;
  };
  return place(a) - place(b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Those with viewers, the best way first. */
export function presentTransports(
  counts: Readonly<Record<string, number>>,
): readonly (readonly [transport: string, count: number])[] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => byTransportOrder(a, b));
}
