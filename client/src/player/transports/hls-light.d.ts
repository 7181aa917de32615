/** The light build has the same types, without what it leaves out. */
declare module "hls.js/light" {
  export * from "hls.js";
  export { default } from "hls.js";
}
