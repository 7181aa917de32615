import type {
  LayerSample,
  Limitation,
  RemoteSample,
  SendSample,
  SentAudioSample,
} from "./send-stats.ts";

/** One sent encoding. Rates are over the span between two samples. */
export interface LayerStats {
  /** Undefined without simulcast. */
  readonly rid: string | undefined;
  /** False: the browser does not send it, because it was not asked to or the bandwidth is too small. */
  readonly sending: boolean;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly frameRate: number | undefined;
  readonly bitrateBps: number | undefined;
  readonly limitation: Limitation;
  /** Share of packets lost, 0 to 1, as the server reported last. */
  readonly lossRatio: number | undefined;
  /** Mean time to encode a frame in the span. */
  readonly encodeMs: number | undefined;
}

export interface SentVideoStats {
  readonly codec: string | undefined;
  readonly encoder: string | undefined;
  /** As sampled, the smallest first. */
  readonly layers: readonly LayerStats[];
  /** Of the largest layer that is sent. */
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly frameRate: number | undefined;
  readonly sourceFrameRate: number | undefined;
  readonly bitrateBps: number | undefined;
  /** The worst of all layers that are sent. */
  readonly limitation: Limitation;
  readonly keyFrames: number;
}

export interface SentAudioStats {
  readonly codec: string | undefined;
  readonly channels: number | undefined;
  readonly bitrateBps: number | undefined;
}

/** What a publisher sends now. */
export interface SendStats {
  readonly video: SentVideoStats | undefined;
  readonly audio: SentAudioStats | undefined;
  readonly bitrateBps: number | undefined;
  readonly availableBps: number | undefined;
  /** Share of all packets lost on the way to the server, 0 to 1. */
  readonly lossRatio: number | undefined;
  readonly packetsLost: number;
  /** Share of the bytes in the span that were sent again, 0 to 1. */
  readonly retransmittedRatio: number | undefined;
  readonly rttMs: number | undefined;
  readonly path: SendSample["path"];
}

const severity: Readonly<Record<Limitation, number>> = { none: 0, other: 1, bandwidth: 2, cpu: 3 };

/** Figures of `next`, with rates since `previous`; without a previous sample of the same session rates are undefined. */
export function sendStatsBetween(previous: SendSample | undefined, next: SendSample): SendStats {
  const spanMs = previous === undefined ? 0 : next.atMs - previous.atMs;
  const before = (layer: LayerSample) =>
    previous?.video?.layers.find(({ rid }) => rid === layer.rid);
  const layers = (next.video?.layers ?? []).map((layer) =>
    layerStats(before(layer), layer, spanMs),
  );
  const top = layers.findLast((layer) => layer.sending) ?? layers.at(-1);
  const video: SentVideoStats | undefined = next.video && {
    codec: next.video.codec,
    encoder: next.video.layers.find((layer) => layer.encoder !== undefined)?.encoder,
    layers,
    width: top?.width,
    height: top?.height,
    frameRate: top?.frameRate,
    sourceFrameRate: next.video.sourceFrameRate,
    bitrateBps: sum(layers.map((layer) => layer.bitrateBps)),
    limitation: worst(layers),
    keyFrames: next.video.layers.reduce((all, layer) => all + layer.keyFrames, 0),
  };
  const audio = next.audio && audioStats(previous?.audio, next.audio, spanMs);
  const remotes = reports(next);
  return {
    video,
    audio,
    bitrateBps: sum([video?.bitrateBps, audio?.bitrateBps]),
    availableBps: next.availableBps,
    lossRatio: lossBetween(previous, next),
    packetsLost: remotes.reduce((all, remote) => all + Math.max(0, remote.lost), 0),
    retransmittedRatio: retransmitted(previous, next),
    rttMs: next.rttMs ?? remotes.find((remote) => remote.rttMs !== undefined)?.rttMs,
    path: next.path,
  };
}

function layerStats(before: LayerSample | undefined, now: LayerSample, spanMs: number): LayerStats {
  const frames = before && now.frames - before.frames;
  const bitrateBps = perSecond(before?.bytes, now.bytes, spanMs, 8);
  return {
    rid: now.rid,
    sending: now.active && (bitrateBps === undefined ? now.packets > 0 : bitrateBps > 0),
    width: now.width,
    height: now.height,
    frameRate: perSecond(before?.frames, now.frames, spanMs, 1),
    bitrateBps,
    limitation: now.limitation,
    lossRatio: now.remote?.fractionLost,
    encodeMs: before && frames ? share(now.encodeMs - before.encodeMs, frames) : undefined,
  };
}

function audioStats(
  before: SentAudioSample | undefined,
  now: SentAudioSample,
  spanMs: number,
): SentAudioStats {
  return {
    codec: now.codec,
    channels: now.channels,
    bitrateBps: perSecond(before?.bytes, now.bytes, spanMs, 8),
  };
}

/** A layer that is not sent is limited by nothing that a person could change. */
function worst(layers: readonly LayerStats[]): Limitation {
  return layers
    .filter((layer) => layer.sending)
    .reduce<Limitation>(
      (found, { limitation }) => (severity[limitation] > severity[found] ? limitation : found),
      "none",
    );
}

function reports(sample: SendSample): readonly RemoteSample[] {
  const layers = sample.video?.layers.map((layer) => layer.remote) ?? [];
  return [...layers, sample.audio?.remote].filter((remote) => remote !== undefined);
}

function lossBetween(previous: SendSample | undefined, next: SendSample): number | undefined {
  if (previous === undefined || reports(next).length === 0) return undefined;
  const lost = (sample: SendSample) => reports(sample).reduce((all, { lost }) => all + lost, 0);
  const sent = (sample: SendSample) =>
    (sample.audio?.packets ?? 0) +
    (sample.video?.layers ?? []).reduce((all, layer) => all + layer.packets, 0);
  const total = sent(next) - sent(previous);
  if (total <= 0) return undefined;
  return Math.min(1, Math.max(0, lost(next) - lost(previous)) / total);
}

function retransmitted(previous: SendSample | undefined, next: SendSample): number | undefined {
  if (previous === undefined) return undefined;
  const total = (sample: SendSample, of: (layer: LayerSample) => number) =>
    (sample.video?.layers ?? []).reduce((all, layer) => all + of(layer), 0);
  const bytes = total(next, (layer) => layer.bytes) - total(previous, (layer) => layer.bytes);
  const again =
    total(next, (layer) => layer.retransmittedBytes) -
    total(previous, (layer) => layer.retransmittedBytes);
  return bytes > 0 && again >= 0 ? Math.min(1, again / bytes) : undefined;
}

/** Undefined when the counter went back: the samples are of two sessions. */
function perSecond(
  before: number | undefined,
  now: number,
  spanMs: number,
  factor: number,
): number | undefined {
  if (before === undefined || spanMs <= 0 || now < before) return undefined;
  return ((now - before) / spanMs) * 1000 * factor;
}

function share(part: number, whole: number): number | undefined {
  return whole > 0 && part >= 0 ? part / whole : undefined;
}

function sum(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((all, value) => all + value, 0);
}
