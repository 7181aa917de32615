import { FlvDemuxer, FlvReader } from "@millrace/media/flv";
import { type AudioTrackInfo, ticksToUs, type VideoTrackInfo } from "@millrace/media/frame";
import { parseJpegSize } from "@millrace/media/jpeg";
import { writeOpusIdHeader } from "@millrace/media/opus";
import type { DerivedTarget } from "../../core/index.ts";
import { type PesUnit, TsReader } from "./ts-reader.ts";
import { readAacUnits, readOpusUnits } from "./ts-units.ts";

/** Who takes what ffmpeg made. */
export interface ResultTarget {
  /** What follows is this; may be told again. */
  info(info: AudioTrackInfo | VideoTrackInfo): void;
  /** `us` counts from the time that ffmpeg was told to be 0. The payload is the target's. */
  result(us: number, key: boolean, payload: readonly Uint8Array[]): void;
}

/** Reads an ffmpeg's output, however it is split. */
export interface ResultReader {
  /** @throws ProtocolError when it makes no sense. */
  receive(bytes: Uint8Array): void;
}

const tickRate = 90_000;
const maxSoundBytes = 65_536 + 6;
const opusPreSkip = 120;
const endOfImage = [0xff, 0xd9] as const;

/** `sound` is what sound is told to be; `maxBytes` bounds a JPEG image. */
export function openResultReader(
  target: DerivedTarget,
  sound: AudioTrackInfo,
  maxBytes: number,
  to: ResultTarget,
): ResultReader {
  switch (target.codec) {
    case "opus":
      return readTs({ maxBytes: maxSoundBytes }, (pes) => {
        to.info(opusInfo);
        for (const { ptsTicks, payload } of readOpusUnits(pes)) {
          to.result(ticksToUs(ptsTicks, tickRate), true, [payload]);
        }
      });
    case "aac":
      return readTs({ maxBytes: maxSoundBytes }, (pes) => {
        to.info(sound);
        for (const { ptsTicks, payload } of readAacUnits(pes)) {
          to.result(ticksToUs(ptsTicks, tickRate), true, [payload]);
        }
      });
    case "jpeg":
      return readTs({ maxBytes, isWhole: endsImage }, ({ ptsTicks, data }) => {
        const { width, height } = parseJpegSize(data);
        to.info({ ...jpegInfo, width, height });
        to.result(ticksToUs(ptsTicks, tickRate), true, [data]);
      });
    case "h264":
      return readFlv(to);
  }
}

function readTs(
  options: ConstructorParameters<typeof TsReader>[0],
  take: (pes: PesUnit) => void,
): ResultReader {
  const reader = new TsReader(options);
  return { receive: (bytes) => reader.receive(bytes).forEach(take) };
}

function readFlv(to: ResultTarget): ResultReader {
  const reader = new FlvReader();
  const demuxer = new FlvDemuxer();
  return {
    receive: (bytes) => {
      reader.receive(bytes);
      for (let item = reader.next(); item !== undefined; item = reader.next()) {
        if (item.type !== "tag") continue;
        const { type, timestampMs, body } = item.tag;
        for (const part of demuxer.tag(type, timestampMs, body)) {
          if (part.type === "track" && part.info.kind === "video") {
            to.info({ ...part.info, reorderDepth: 0 });
          } else if (part.type === "frame") {
            to.result(part.frame.ptsUs, part.frame.key, part.frame.payload);
          }
        }
      }
    },
  };
}

/** ITU-T T.81 section B.1.1.2: inside an image no 0xFF is followed by this. */
function endsImage(data: Uint8Array): boolean {
  return data.at(-2) === endOfImage[0] && data.at(-1) === endOfImage[1];
}

const opusInfo: AudioTrackInfo = {
  kind: "audio",
  codec: "opus",
  codecString: "opus",
  config: writeOpusIdHeader({
    channels: 2,
    preSkip: opusPreSkip,
    inputSampleRate: 48_000,
    outputGain: 0,
    mappingFamily: 0,
    mapping: undefined,
  }),
  sampleRate: 48_000,
  channels: 2,
};

const jpegInfo: VideoTrackInfo = {
  kind: "video",
  codec: "jpeg",
  codecString: "jpeg",
  config: new Uint8Array(0),
  width: 0,
  height: 0,
  reorderDepth: 0,
};
