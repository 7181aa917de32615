import { describe, expect, it } from "vitest";
import type { AccessRequest } from "../core/ports.ts";
import { type AccessSettings, StaticAccess } from "./static-access.ts";

const open: AccessSettings = {
  publishTokens: [],
  playTokens: [],
  adminTokens: [],
  publishWithoutToken: "auto",
  playWithoutToken: "auto",
  adminWithoutToken: "auto",
  rules: [],
};

async function ask(
  settings: Partial<AccessSettings>,
  request: Partial<AccessRequest>,
): Promise<string> {
  const access = new StaticAccess({ ...open, ...settings });
  try {
    await access.authorize({
      action: "publish",
      stream: "live/cam",
      token: undefined,
      address: "203.0.113.7",
      transport: "rtmp",
      userAgent: undefined,
      ...request,
    });
    return "ok";
  } catch (error) {
    const { code, status } = error as { code: string; status: number };
    return `${code} ${status}`;
  }
}

describe("StaticAccess without any token configured", () => {
  it.each([
    ["publish", "127.0.0.1", "ok"],
    ["publish", "127.8.9.1", "ok"],
    ["publish", "::1", "ok"],
    ["publish", "::ffff:127.0.0.1", "ok"],
    ["publish", "192.168.1.4", "FORBIDDEN 403"],
    ["publish", "203.0.113.7", "FORBIDDEN 403"],
    ["publish", "::ffff:203.0.113.7", "FORBIDDEN 403"],
    ["publish", "unknown", "FORBIDDEN 403"],
    ["publish", "", "FORBIDDEN 403"],
    ["play", "203.0.113.7", "ok"],
    ["play", "unknown", "ok"],
  ] as const)("%s from %s: %s", async (action, address, expected) => {
    expect(await ask({}, { action, address })).toBe(expected);
  });
});

describe("StaticAccess with tokens", () => {
  const settings = { publishTokens: ["publish-1", "publish-2"], playTokens: ["watching-1"] };
  it.each([
    ["publish", "publish-1", "ok"],
    ["call", "publish-1", "ok"],
    ["call", "watching-1", "FORBIDDEN 403"],
    ["call", undefined, "UNAUTHORIZED 401"],
    ["publish", "publish-2", "ok"],
    ["publish", undefined, "UNAUTHORIZED 401"],
    ["publish", "", "UNAUTHORIZED 401"],
    ["publish", "publish-3", "UNAUTHORIZED 401"],
    ["publish", "publish-11", "UNAUTHORIZED 401"],
    ["publish", "x".repeat(5000), "UNAUTHORIZED 401"],
    ["publish", "watching-1", "FORBIDDEN 403"],
    ["play", "watching-1", "ok"],
    ["play", "publish-1", "FORBIDDEN 403"],
    ["play", undefined, "UNAUTHORIZED 401"],
  ] as const)("%s with token %s: %s", async (action, token, expected) => {
    expect(await ask(settings, { action, token, address: "127.0.0.1" })).toBe(expected);
  });
});

describe("StaticAccess with an explicit openness", () => {
  it.each([
    ["nobody", "127.0.0.1", "FORBIDDEN 403"],
    ["loopback", "127.0.0.1", "ok"],
    ["loopback", "10.1.2.3", "FORBIDDEN 403"],
    ["private", "10.1.2.3", "ok"],
    ["private", "172.31.0.1", "ok"],
    ["private", "172.32.0.1", "FORBIDDEN 403"],
    ["private", "fd00::1", "ok"],
    ["private", "fe80::1%eth0", "ok"],
    ["private", "2001:db8::1", "FORBIDDEN 403"],
    ["anybody", "2001:db8::1", "ok"],
  ] as const)("%s, from %s: %s", async (publishWithoutToken, address, expected) => {
    expect(await ask({ publishWithoutToken }, { address })).toBe(expected);
  });

  it("lets in without a token although there is one", async () => {
    const settings = { publishTokens: ["publish-1"], publishWithoutToken: "loopback" } as const;
    expect(await ask(settings, { address: "127.0.0.1" })).toBe("ok");
    expect(await ask(settings, {})).toBe("UNAUTHORIZED 401");
    expect(await ask(settings, { token: "publish-1" })).toBe("ok");
  });
});

describe("StaticAccess with rules", () => {
  const settings: Partial<AccessSettings> = {
    publishTokens: ["general-1"],
    rules: [
      { streams: "live/cam", publishTokens: ["camera-1"] },
      { streams: "live/*", playTokens: ["viewer-1"] },
      { streams: "a.b/x+*", publishWithoutToken: "anybody" },
    ],
  };
  it.each([
    ["publish", "live/cam", "camera-1", "ok"],
    ["publish", "live/cam", "general-1", "UNAUTHORIZED 401"],
    ["play", "live/cam", undefined, "ok"],
    ["publish", "live/other", "general-1", "ok"],
    ["play", "live/other", undefined, "UNAUTHORIZED 401"],
    ["play", "live/other", "viewer-1", "ok"],
    ["play", "live/deep/er", undefined, "ok"],
    ["play", "xlive/other", undefined, "ok"],
    ["publish", "a.b/x+1", undefined, "ok"],
    ["publish", "aXb/x+1", undefined, "UNAUTHORIZED 401"],
  ] as const)("%s %s with %s: %s", async (action, stream, token, expected) => {
    expect(await ask(settings, { action, stream, token })).toBe(expected);
  });
});

describe("administrators", () => {
  const attempt = async (
    settings: Partial<AccessSettings>,
    address: string,
    token?: string,
    proven = true,
  ) => {
    const access = new StaticAccess({ ...open, ...settings });
    try {
      await access.admin.authorize({ token, address, addressProven: proven });
      return "ok";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it("is for this machine only until a token is set", async () => {
    expect(await attempt({}, "127.0.0.1")).toBe("ok");
    expect(await attempt({}, "192.168.0.9")).toBe("FORBIDDEN");
    expect(await attempt({ adminTokens: ["admin-123"] }, "127.0.0.1")).toBe("UNAUTHORIZED");
    expect(await attempt({ adminTokens: ["admin-123"] }, "192.168.0.9", "admin-123")).toBe("ok");
  });

  it("does not take an unproven address for this machine", async () => {
    expect(await attempt({}, "127.0.0.1", undefined, false)).toBe("FORBIDDEN");
    expect(await attempt({ adminWithoutToken: "anybody" }, "127.0.0.1", undefined, false)).toBe(
      "ok",
    );
  });

  it("does not take a publish or play token", async () => {
    const settings = { publishTokens: ["publish-1"], adminTokens: ["admin-123"] };
    expect(await attempt(settings, "127.0.0.1", "publish-1")).toBe("FORBIDDEN");
  });
});
