/** A chunk of its own: only who plays FLV loads it. */
export { default as mpegts } from "mpegts.js";
