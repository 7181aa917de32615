import { describe, expect, it } from "vitest";
import { createLog } from "./log.ts";

const token = "s3cret-publish-token";

function lines(level: "info" | "debug", format: "json" | "text" = "json") {
  const written: string[] = [];
  const log = createLog({ level, format, secrets: [token], write: (line) => written.push(line) });
  return { log, written };
}

describe("createLog", () => {
  it("writes one JSON object per line with level, time, fields and message", () => {
    const { log, written } = lines("info");
    log.child({ stream: "live/cam" }).info({ session: "s1" }, "opened");
    expect(written).toHaveLength(1);
    expect(written[0]?.endsWith("\n")).toBe(true);
    const entry = JSON.parse(written[0] ?? "");
    expect(entry).toMatchObject({
      level: "info",
      stream: "live/cam",
      session: "s1",
      msg: "opened",
    });
    expect(Number.isNaN(Date.parse(entry.time))).toBe(false);
  });

  it("leaves out what is below its level", () => {
    const { log, written } = lines("info");
    log.debug({}, "detail");
    expect(written).toEqual([]);
  });

  it("leaves clients' addresses out above debug", () => {
    const { log, written } = lines("debug");
    log.child({ address: "203.0.113.7" }).info({ remoteAddress: "203.0.113.8" }, "joined");
    log.debug({ address: "203.0.113.7" }, "detail");
    expect(written[0]).not.toContain("203.0.113");
    expect(written[1]).toContain("203.0.113.7");
  });

  it.each(["json", "text"] as const)("never shows a secret (%s)", (format) => {
    const { log, written } = lines("debug", format);
    const secrets = {
      token: "aaaa-1",
      headers: { authorization: "Bearer aaaa-2", cookie: "aaaa-3" },
      url: "rtmp://host/live/cam?token=aaaa-4&x=1",
      sdp: "v=0\r\na=ice-ufrag:u\r\na=ice-pwd:aaaa-5\r\n",
      list: [{ deep: { password: "aaaa-6" } }, "Bearer aaaa-7"],
      proxy: "http://user:aaaa-8@host/",
      err: new Error(`refused ?token=aaaa-9`, { cause: new Error("Bearer aaaa-0") }),
      note: `somebody showed ${token} here`,
      bytes: new TextEncoder().encode("aaaa-x"),
    };
    log.error(secrets, `failed with ${token} and /live/cam?token=aaaa-m`);
    log.child(secrets).debug({}, "again");
    const all = written.join("");
    expect(all).not.toContain("aaaa");
    expect(all).not.toContain(token);
    expect(all).toContain("[redacted]");
    expect(all).toContain("x=1");
  });

  it("writes errors with type, message, stack and cause", () => {
    const { log, written } = lines("info");
    log.error({ err: new RangeError("outer", { cause: new TypeError("inner") }) }, "failed");
    const { err } = JSON.parse(written[0] ?? "");
    expect(err).toMatchObject({
      type: "RangeError",
      message: "outer",
      cause: { type: "TypeError" },
    });
    expect(err.stack).toContain("log.test.ts");
  });

  it("survives what cannot be written as JSON", () => {
    const { log, written } = lines("info");
    const loop: Record<string, unknown> = { big: 5n, nothing: undefined };
    loop["self"] = loop;
    log.info({ loop, call: () => 1 }, "odd");
    expect(JSON.parse(written[0] ?? "").loop.big).toBe("5");
  });

  it("takes control characters of strangers out of text lines", () => {
    const { log, written } = lines("info", "text");
    log.info({ userAgent: "evil\u001b[2Jagent" }, "hello\nworld");
    expect(written[0]).not.toContain("\u001b[2J");
    expect(written[0]?.trimEnd().split("\n")).toHaveLength(1);
  });
});
