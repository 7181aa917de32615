import { describe, expect, it } from "vitest";
import { hlsFailure } from "./hls-session.ts";

describe("failures of HLS", () => {
  const library = {
    ErrorTypes: { NETWORK_ERROR: "networkError", MEDIA_ERROR: "mediaError" },
    ErrorDetails: {
      MANIFEST_INCOMPATIBLE_CODECS_ERROR: "manifestIncompatibleCodecsError",
      BUFFER_INCOMPATIBLE_CODECS_ERROR: "bufferIncompatibleCodecsError",
      BUFFER_ADD_CODEC_ERROR: "bufferAddCodecError",
    },
  } as unknown as Parameters<typeof hlsFailure>[0];
  const failure = (
    type: string,
    details: string,
    status: number | undefined,
    began: boolean,
    body = "",
  ) =>
    hlsFailure(
      library,
      {
        type,
        details,
        ...(status !== undefined && { response: { code: status } }),
        networkDetails: { responseText: body },
      } as unknown as Parameters<typeof hlsFailure>[1],
      began,
    ).code;

  it("have the player's codes", () => {
    expect(failure("networkError", "manifestLoadError", 404, false)).toBe("STREAM_NOT_FOUND");
    const body = '{"code":"VIEWERS_FULL"}';
    expect(failure("networkError", "manifestLoadError", 503, false, body)).toBe("VIEWERS_FULL");
    expect(failure("networkError", "manifestLoadError", 0, false)).toBe("SERVER_UNREACHABLE");
    expect(failure("networkError", "levelLoadError", undefined, true)).toBe("CONNECTION_LOST");
    expect(failure("networkError", "manifestLoadTimeOut", undefined, false)).toBe("TIMEOUT");
    expect(failure("mediaError", "bufferAddCodecError", undefined, true)).toBe("MEDIA_UNSUPPORTED");
    expect(failure("mediaError", "bufferAppendError", undefined, true)).toBe("MEDIA_ERROR");
  });
});
