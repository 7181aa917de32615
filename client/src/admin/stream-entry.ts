import { countsOf, type Fields, fieldsOf, listOf, numberOf, textOf, timeOf } from "./fields.ts";

/** Advice of the server for a publisher: what is wrong, and the one setting to change. */
export interface HintEntry {
  readonly code: string;
  readonly message: string;
}

/** How well a stream is fed. */
export interface HealthEntry {
  /** `EMPTY`, `FULL`, `DRY` or `RECOVER`. */
  readonly buffer: string;
  readonly lagMs: number | undefined;
  /** Media time per time; 1 is as it should be. */
  readonly speed: number | undefined;
}

/** One quality of simulcast. */
export interface LayerEntry {
  readonly rid: string | undefined;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly frameRate: number | undefined;
  readonly bitrateBps: number | undefined;
  readonly active: boolean;
}

export interface TrackEntry {
  readonly id: string;
  readonly kind: "video" | "audio";
  readonly codec: string;
  readonly derived: boolean;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly bFrames: boolean | undefined;
  readonly sampleRate: number | undefined;
  readonly channels: number | undefined;
  readonly layers: readonly LayerEntry[];
  readonly bitrateBps: number | undefined;
  readonly keyIntervalMs: number | undefined;
  /** Since the track began; frames of layers that nobody needs frames of are not counted. */
  readonly frames: number | undefined;
  readonly cachedBytes: number | undefined;
}

export interface PublisherEntry {
  readonly id: string;
  readonly transport: string;
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  readonly user: string | undefined;
  readonly startedMs: number | undefined;
  readonly stats: Fields;
}

/** One stream, of `GET /api/v1/streams` or with its figures of `GET /api/v1/figures`. */
export interface StreamEntry {
  readonly name: string;
  /** `live` or `waiting`. */
  readonly state: string;
  readonly startedMs: number | undefined;
  readonly tracks: readonly TrackEntry[];
  readonly hints: readonly HintEntry[];
  readonly health: HealthEntry | undefined;
  readonly viewerCount: number;
  readonly byTransport: Readonly<Record<string, number>>;
  readonly publisher: PublisherEntry | undefined;
}

/** `next` asks for what follows, where the server gives the list in pages. */
export interface StreamPage {
  readonly streams: readonly StreamEntry[];
  readonly next: string | undefined;
}

export function parseStreams(document: unknown): StreamPage {
  const { streams, next } = fieldsOf(document);
  return { streams: listOf(streams).flatMap(parseStream), next: textOf(next) };
}

function parseStream(value: unknown): StreamEntry[] {
  const fields = fieldsOf(value);
  const name = textOf(fields["name"]);
  if (name === undefined) return [];
  const viewers = fieldsOf(fields["viewers"]);
  const byTransport = countsOf(viewers["byTransport"]);
  const counted = Object.values(byTransport).reduce((sum, count) => sum + count, 0);
  return [
    {
      name,
      state: textOf(fields["state"]) ?? "live",
      startedMs: timeOf(fields["startedAt"]),
      tracks: listOf(fields["tracks"]).flatMap(parseTrack),
      hints: listOf(fields["hints"]).flatMap(parseHint),
      health: parseHealth(fields["health"]),
      viewerCount: numberOf(viewers["count"]) ?? numberOf(fields["viewers"]) ?? counted,
      byTransport,
      publisher: parsePublisher(fields["publisher"]),
    },
  ];
}

function parseTrack(value: unknown): TrackEntry[] {
  const fields = fieldsOf(value);
  const { kind } = fields;
  const codec = textOf(fields["codec"]);
  if ((kind !== "video" && kind !== "audio") || codec === undefined) return [];
  const { bFrames } = fields;
  return [
    {
      ...{ kind, codec },
      id: textOf(fields["id"]) ?? kind,
      derived: fields["derived"] === true,
      width: numberOf(fields["width"]) || undefined,
      height: numberOf(fields["height"]) || undefined,
      bFrames: typeof bFrames === "boolean" ? bFrames : undefined,
      sampleRate: numberOf(fields["sampleRate"]),
      channels: numberOf(fields["channels"]),
      layers: listOf(fields["layers"]).map(parseLayer),
      bitrateBps: numberOf(fields["bitrateBps"]),
      keyIntervalMs: numberOf(fields["keyIntervalMs"]),
      frames: numberOf(fields["frames"]),
      cachedBytes: numberOf(fields["cachedBytes"]),
    },
  ];
}

function parseLayer(value: unknown): LayerEntry {
  const fields = fieldsOf(value);
  return {
    rid: textOf(fields["rid"]),
    width: numberOf(fields["width"]) || undefined,
    height: numberOf(fields["height"]) || undefined,
    frameRate: numberOf(fields["frameRate"]),
    bitrateBps: numberOf(fields["bitrateBps"]),
    active: fields["active"] !== false,
  };
}

function parseHint(value: unknown): HintEntry[] {
  const fields = fieldsOf(value);
  const code = textOf(fields["code"]);
  return code === undefined ? [] : [{ code, message: textOf(fields["message"]) ?? "" }];
}

function parseHealth(value: unknown): HealthEntry | undefined {
  const fields = fieldsOf(value);
  const buffer = textOf(fields["buffer"]);
  if (buffer === undefined) return undefined;
  return { buffer, lagMs: numberOf(fields["lagMs"]), speed: numberOf(fields["speed"]) };
}

function parsePublisher(value: unknown): PublisherEntry | undefined {
  const fields = fieldsOf(value);
  const id = textOf(fields["id"]);
  if (id === undefined) return undefined;
  return {
    id,
    transport: textOf(fields["transport"]) ?? "unknown",
    address: textOf(fields["address"]),
    userAgent: textOf(fields["userAgent"]),
    user: textOf(fields["user"]),
    startedMs: timeOf(fields["startedAt"]),
    stats: fieldsOf(fields["stats"]),
  };
}
