import { describe, expect, it } from "vitest";
import { checkMachine, checkNode } from "./check-machine.ts";
import { checkSettings } from "./check-settings.ts";
import { type MachineFacts, parseMemoryLimit, parseOpenFileLimit, thisMachine } from "./machine.ts";
import type { DoctorPorts, DoctorSettings } from "./options.ts";
import { settingsWith } from "./test-gateway.ts";

const goodMachine: MachineFacts = {
  nodeVersion: "20.19.0",
  platform: "linux",
  wallMs: () => Date.UTC(2026, 5, 1),
  openFileLimit: () => 100_000,
  memoryLimitBytes: () => 2 ** 30,
};
const goodPorts: DoctorPorts = {
  pagesBuilt: () => true,
  transcoder: async () => "node-av",
  announcedHint: () => undefined,
};

async function machineCodes(
  machine: Partial<MachineFacts> = {},
  ports: DoctorPorts = goodPorts,
  settings: DoctorSettings = settingsWith(),
): Promise<string[]> {
  const checks = await checkMachine({ ...goodMachine, ...machine }, settings, ports);
  return checks.filter(({ status }) => status !== "ok").map(({ code }) => code);
}

describe("checkMachine", () => {
  it("finds nothing wrong with a good machine", async () => {
    expect(await machineCodes()).toEqual([]);
  });

  it.each([
    ["DOCTOR_NODE_OLD", { nodeVersion: "20.18.3" }, goodPorts],
    ["DOCTOR_CLOCK_WRONG", { wallMs: () => 0 }, goodPorts],
    ["DOCTOR_FILE_LIMIT", { openFileLimit: () => 1024 }, goodPorts],
    ["DOCTOR_MEMORY_LOW", { memoryLimitBytes: () => 2 ** 28 }, goodPorts],
    ["DOCTOR_PAGES_MISSING", {}, { ...goodPorts, pagesBuilt: () => false }],
    ["DOCTOR_TRANSCODER_NONE", {}, { ...goodPorts, transcoder: async () => "none" }],
  ])("finds %s", async (code, machine, ports) => {
    expect(await machineCodes(machine, ports)).toEqual([code]);
  });

  it("compares the limit of files with what is switched on, to the one", async () => {
    const settings = settingsWith({ http: { maxConnections: 500 }, flvTcp: { enabled: false } });
    const needed = 500 + 100 + 256;
    expect(await machineCodes({ openFileLimit: () => needed }, goodPorts, settings)).toEqual([]);
    expect(await machineCodes({ openFileLimit: () => needed - 1 }, goodPorts, settings)).toEqual([
      "DOCTOR_FILE_LIMIT",
    ]);
  });

  it("does not miss a transcoder that is switched off, nor what it cannot know", async () => {
    const settings = settingsWith({ engine: "none" });
    const codes = await machineCodes({ openFileLimit: () => undefined }, {}, settings);
    expect(codes).toEqual(["DOCTOR_NOT_KNOWN", "DOCTOR_SWITCHED_OFF", "DOCTOR_NOT_KNOWN"]);
  });
});

describe("checkNode", () => {
  it.each(["20.19.0", "20.20.2", "22.0.0", "24.1.0"])("takes %s", (version) => {
    expect(checkNode(version).status).toBe("ok");
  });
  it.each(["20.18.9", "18.20.0", "nonsense"])("refuses %s", (version) => {
    expect(checkNode(version).status).toBe("fail");
  });
});

describe("checkSettings", () => {
  const codes = (settings: DoctorSettings, ports: DoctorPorts = goodPorts): string[] =>
    checkSettings(settings, ports)
      .filter(({ status }) => status === "warn" || status === "fail")
      .map(({ code }) => code);

  it("finds nothing wrong with a good configuration", () => {
    const http = {
      host: "*",
      basePath: "/video",
      publicUrls: ["https://a.example/video", "https://b.example/deep/video/"],
      trustProxy: ["loopback"],
    };
    expect(codes(settingsWith({ http, rtc: { announcedIps: ["203.0.113.5"] } }))).toEqual([]);
  });

  it.each([
    ["DOCTOR_BASE_PATH", { http: { basePath: "/video", publicUrls: ["http://localhost/film"] } }],
    ["DOCTOR_TLS_MISSING", { http: { publicUrls: ["http://a.example"] } }],
    ["DOCTOR_TLS_MISSING", { http: { host: "*" } }],
    ["DOCTOR_PROXY_UNTRUSTED", { http: { publicUrls: ["https://a.example"] } }],
    [
      "DOCTOR_ADDRESS_WRONG",
      {
        http: { host: "*", publicUrls: ["http://localhost:8080"] },
        rtc: { announcedIps: ["127.0.0.1"] },
      },
    ],
  ])("finds %s", (code, change) => {
    expect(codes(settingsWith(change))).toEqual([code]);
  });

  it("hands on what is known of the addresses of the interfaces", () => {
    const message = "only the host reaches fd00::: publish the port and set rtc.announcedIps";
    const hint = { code: "RTC_ADDRESS_CONTAINER", message };
    const ports = { announcedHint: () => hint };
    expect(codes(settingsWith(), ports)).toEqual(["RTC_ADDRESS_CONTAINER"]);
    // What to do is told once, as the fix.
    expect(checkSettings(settingsWith(), ports)[0]).toMatchObject({
      message: "Only the host reaches fd00::.",
      fix: "Publish the port and set rtc.announcedIps.",
    });
    const configured = settingsWith({ rtc: { announcedIps: ["203.0.113.5"] } });
    expect(codes(configured, ports)).toEqual([]);
  });
});

describe("limits of the machine", () => {
  it("reads the soft limit of open files", () => {
    const line = "Max open files            1024                 524288               files     \n";
    expect(parseOpenFileLimit(`Limit  Soft  Hard\n${line}`)).toBe(1024);
    expect(parseOpenFileLimit("Max open files  unlimited unlimited files")).toBe(Infinity);
    expect(parseOpenFileLimit("")).toBeUndefined();
  });

  it.each([
    ["max\n", undefined],
    ["536870912\n", 536_870_912],
    ["9223372036854771712\n", undefined],
    ["", undefined],
    ["0", undefined],
    ["x", undefined],
  ])("reads the memory limit %j", (text, limit) => {
    expect(parseMemoryLimit(text)).toBe(limit);
  });

  it("has some for this machine", () => {
    expect(thisMachine.memoryLimitBytes()).toBeGreaterThan(0);
    expect(thisMachine.openFileLimit() ?? 1).toBeGreaterThan(0);
  });
});
