export {
  BundledTurn,
  relayOptions,
  type TurnSettings,
  type TurnSurroundings,
} from "./bundled-turn.ts";
export { type MediaPair, type MediaPlace, type RelayPlaces, relayPlaces } from "./places.ts";
export { type RelayNames, turnUrls } from "./urls.ts";
