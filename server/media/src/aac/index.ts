export {
  type AdtsHeader,
  adtsHeaderBytes,
  ascFromAdts,
  fitsAdts,
  maxAdtsFrameBytes,
  parseAdtsHeader,
  writeAdtsHeader,
} from "./adts.ts";
export { type AdtsFrame, AdtsReader } from "./adts-reader.ts";
export {
  AudioObjectType,
  type AudioSpecificConfig,
  type AudioSpecificConfigFields,
  aacCodecString,
  audioTrackInfoFromAsc,
  maxAudioSpecificConfigBytes,
  parseAudioSpecificConfig,
  writeAudioSpecificConfig,
} from "./audio-specific-config.ts";
export { maxSampleRate, sampleRates } from "./sample-rate.ts";
