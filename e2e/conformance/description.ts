/** What the suites look at in one m-line of a description. */
export interface MediaLine {
  readonly kind: string;
  readonly port: string;
  readonly mid: string | undefined;
  readonly direction: string;
  readonly setup: string | undefined;
  /** `candidate:…` lines. */
  readonly candidates: readonly string[];
  /** Attributes without `a=`. */
  readonly attributes: readonly string[];
}

export interface Description {
  readonly media: readonly MediaLine[];
  /** Mids of the BUNDLE group. */
  readonly bundle: readonly string[];
  readonly ufrag: string | undefined;
  readonly pwd: string | undefined;
  /** Attributes before the first m-line, without `a=`. */
  readonly attributes: readonly string[];
}

const directions = ["sendrecv", "sendonly", "recvonly", "inactive"];

/** Reads a description or an SDP fragment as far as the suites need it. */
export function readDescription(sdp: string): Description {
  const lines = sdp.split(/\r\n|\n/).filter((line) => line !== "");
  const starts = lines.flatMap((line, index) => (line.startsWith("m=") ? [index] : []));
  const session = attributesOf(lines.slice(0, starts[0] ?? lines.length));
  const fallback = session.find((attribute) => directions.includes(attribute)) ?? "sendrecv";
  const media = starts.map((start, n): MediaLine => {
    const attributes = attributesOf(lines.slice(start, starts[n + 1] ?? lines.length));
    const [kind = "", port = ""] = (lines[start] ?? "").slice(2).split(" ");
    return {
      kind,
      port,
      mid: attributeValue(attributes, "mid"),
      direction: attributes.find((attribute) => directions.includes(attribute)) ?? fallback,
      setup: attributeValue(attributes, "setup") ?? attributeValue(session, "setup"),
      candidates: attributes.filter((attribute) => attribute.startsWith("candidate:")),
      attributes,
    };
  });
  const all = attributesOf(lines);
  const group = session.find((attribute) => attribute.startsWith("group:BUNDLE")) ?? "";
  return {
    media,
    bundle: group.split(" ").slice(1),
    ufrag: attributeValue(all, "ice-ufrag"),
    pwd: attributeValue(all, "ice-pwd"),
    attributes: session,
  };
}

/** The answer after an ICE restart: the first one with what the fragment says anew (RFC 9725 section 4.3.3). */
export function restartedAnswer(answerSdp: string, fragment: string): string {
  const { ufrag, pwd, media, attributes } = readDescription(fragment);
  if (ufrag === undefined || pwd === undefined) throw new Error("the fragment has no credentials");
  const candidates = [...attributes, ...media.flatMap((line) => line.attributes)].filter(
    (attribute) => attribute.startsWith("candidate:"),
  );
  const renewed = answerSdp
    .replace(/^a=ice-ufrag:.*$/gm, `a=ice-ufrag:${ufrag}`)
    .replace(/^a=ice-pwd:.*$/gm, `a=ice-pwd:${pwd}`);
  if (candidates.length === 0) return renewed;
  // All candidates belong to the bundle's first line.
  const without = renewed.replace(/^a=(candidate:.*|end-of-candidates)\r?\n/gm, "");
  const block = `${candidates.map((candidate) => `a=${candidate}`).join("\r\n")}\r\n`;
  return without.replace(/^(m=.*\r?\n(?:(?!m=).*\r?\n)*?)(?=a=mid:)/m, `$1${block}`);
}

function attributesOf(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith("a=")).map((line) => line.slice(2).trim());
}

function attributeValue(attributes: readonly string[], name: string): string | undefined {
  const prefix = `${name}:`;
  return attributes.find((attribute) => attribute.startsWith(prefix))?.slice(prefix.length);
}
