export { ConnectionRig, offerTo, type RigClient } from "./connection-rig.ts";
export { type ServedSignaling, serveSignaling } from "./serve-signaling.ts";
