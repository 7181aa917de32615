import { describe, expect, it } from "vitest";
import { parseStreamKey } from "./stream-key.ts";

describe("parseStreamKey", () => {
  it.each([
    ["OBS: server and key (row 96)", "live", "rtmp://h/live", "cam", "live/cam", undefined],
    ["a token in the key", "live", "rtmp://h/live", "cam?token=T", "live/cam", "T"],
    ["other parameters", "live", "", "cam?a=1&token=T&b=2", "live/cam", "T"],
    ["a token in the application", "live?token=A", "rtmp://h/live?token=A", "cam", "live/cam", "A"],
    ["a token in the address only", "live", "rtmp://h/live?token=U", "cam", "live/cam", "U"],
    [
      "the key's token before the others",
      "live?token=A",
      "rtmp://h?token=U",
      "cam?token=K",
      "live/cam",
      "K",
    ],
    ["further question marks (row 113)", "live", "", "cam?token=a?b?c", "live/cam", "a?b?c"],
    ["an equals sign in the token", "live", "", "cam?token=YWI=", "live/cam", "YWI="],
    ["a plus, which is no space here", "live", "", "cam?token=a+b", "live/cam", "a+b"],
    ["an escaped token", "live", "", "cam?token=a%26b%3F", "live/cam", "a&b?"],
    ["what is no escape", "live", "", "cam?token=100%", "live/cam", "100%"],
    ["an empty token", "live", "", "cam?token=", "live/cam", ""],
    ["an application of two segments", "live/room", "", "cam", "live/room/cam", undefined],
    ["everything in the application", "live/cam", "", "", "live/cam", undefined],
    ["slashes too many", "/live/", "", "/cam", "live/cam", undefined],
    ["nothing", "", "", "", "", undefined],
  ])("%s", (_name, app, tcUrl, key, name, token) => {
    expect(parseStreamKey(app, tcUrl, key)).toEqual({ name, token });
  });
});
