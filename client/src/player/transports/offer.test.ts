import { expect, it } from "vitest";
import { preferStereo } from "./offer.ts";

const offer = [
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9",
  "a=rtpmap:111 opus/48000/2",
  "a=fmtp:111 minptime=10;useinbandfec=1",
  "a=rtpmap:63 red/48000/2",
  "a=fmtp:63 111/111",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=rtpmap:96 H264/90000",
  "a=fmtp:96 packetization-mode=1",
  "",
].join("\r\n");

it("adds stereo to Opus only", () => {
  expect(preferStereo(offer)).toBe(offer.replace("useinbandfec=1", "useinbandfec=1;stereo=1"));
});

it("changes nothing twice", () => {
  expect(preferStereo(preferStereo(offer))).toBe(preferStereo(offer));
  const mono = offer.replace("useinbandfec=1", "useinbandfec=1;stereo=0");
  expect(preferStereo(mono)).toBe(mono);
});

it("leaves a description without Opus alone", () => {
  expect(preferStereo("v=0\r\n")).toBe("v=0\r\n");
});
