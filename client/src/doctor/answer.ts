/** A place where the server takes media. */
export interface MediaPlace {
  readonly transport: "udp" | "tcp";
  readonly address: string;
  readonly port: number;
}

const candidateLine = /^a=candidate:\S+ \d+ (udp|tcp) \d+ (\S+) (\d{1,5}) typ /i;
const maxPlaces = 64;

/** The candidates of an answer, each once. RFC 8839 section 5.1. */
export function placesOf(answer: string): readonly MediaPlace[] {
  const places = new Map<string, MediaPlace>();
  for (const line of answer.split(/\r?\n/)) {
    const [, kind, address = "", port] = candidateLine.exec(line) ?? [];
    if (kind === undefined || places.size >= maxPlaces) continue;
    const transport = kind.toLowerCase() === "tcp" ? "tcp" : "udp";
    places.set(`${transport} ${address} ${port}`, { transport, address, port: Number(port) });
  }
  return [...places.values()];
}

/** The answer without candidates of the other transport, so that only this one can be taken. */
export function onlyBy(transport: "udp" | "tcp", answer: string): string {
  return answer
    .split(/(?<=\n)/)
    .filter((line) => {
      const kind = candidateLine.exec(line)?.[1]?.toLowerCase();
      return kind === undefined || kind === transport;
    })
    .join("");
}

/** As people write it: `192.0.2.1:8189/udp`. */
export function placeText({ transport, address, port }: MediaPlace): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}/${transport}`;
}
