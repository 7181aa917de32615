export { defaultSoundLimits, type SoundLimits } from "./limits.ts";
export {
  createSoundOutput,
  type SoundOptions,
  type SoundOutput,
  type SoundOutputStats,
} from "./output.ts";
export { TitleBoard } from "./title-board.ts";
