/// <reference path="./hls-light.d.ts" />
/** A chunk of its own: only who plays HLS loads it. What the light build lacks, our streams do not have. */
export { default as Hls } from "hls.js/light";
