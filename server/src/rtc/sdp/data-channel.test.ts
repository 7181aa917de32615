import { type MediaDescription, parse } from "sdp-transform";
import { describe, expect, test } from "vitest";
import { isDataLine, MAX_MESSAGE_SIZE, readDataLine } from "./data-channel.ts";

function line(sdp: string): MediaDescription {
  const [media] = parse(`v=0\r\n${sdp}\r\n`).media;
  if (media === undefined) throw new Error("no m-line");
  return media;
}

const CHANNEL = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=sctp-port:5000";

describe("an m-line for data channels", () => {
  test.each([
    ["of browsers", CHANNEL, true],
    ["over TCP", CHANNEL.replace("UDP", "TCP"), true],
    ["without a port", CHANNEL.replace("a=sctp-port:5000", ""), false],
    ["with port 0", CHANNEL.replace("5000", "0"), false],
    ["with the last port", CHANNEL.replace("5000", "65535"), true],
    ["with a port too high", CHANNEL.replace("5000", "65536"), false],
    ["of another kind", CHANNEL.replace("application", "video"), false],
    ["of another protocol", CHANNEL.replace("UDP/DTLS/SCTP", "DTLS/SCTP"), false],
    ["of another use", CHANNEL.replace("webrtc-datachannel", "bfcp"), false],
  ])("%s", (_name, sdp, expected) => {
    expect(isDataLine(line(sdp))).toBe(expected);
  });
});

test.each([
  ["nothing", "", 65_536],
  ["any size", "a=max-message-size:0", MAX_MESSAGE_SIZE],
  ["less than we send", "a=max-message-size:1000", 1000],
  ["more than we send", "a=max-message-size:1073741823", MAX_MESSAGE_SIZE],
])("who says %s of the size of messages", (_name, attribute, expected) => {
  expect(readDataLine(line(`${CHANNEL}\r\n${attribute}`), "d")).toEqual({
    mid: "d",
    sctpPort: 5000,
    maxMessageSize: expected,
  });
});
