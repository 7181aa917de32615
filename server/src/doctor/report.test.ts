import { describe, expect, it } from "vitest";
import { type Check, exitCodeOf, fail, ok, skipped, warn, writeReport } from "./report.ts";

const good = ok("node", "Node.js 20.20.2.");
const faulty = fail("rtmp-tcp-port", "DOCTOR_PORT_TAKEN", "Another program has it.", "End it.");
const doubtful = warn("tls", "DOCTOR_TLS_MISSING", "No camera.", "Get TLS.");

function text(...checks: readonly Check[]): string {
  let written = "";
  writeReport({ version: "1.2.3", checks }, (part) => {
    written += part;
  });
  return written;
}

describe("writeReport", () => {
  it("gives each fault its code and what to do", () => {
    expect(text(good, faulty, doubtful, skipped("turn", "DOCTOR_NO_TURN", "None."))).toBe(
      [
        "Millrace 1.2.3",
        "",
        "  ok    node           Node.js 20.20.2.",
        "  FAIL  rtmp-tcp-port  Another program has it. (DOCTOR_PORT_TAKEN)",
        "                       -> End it.",
        "  WARN  tls            No camera. (DOCTOR_TLS_MISSING)",
        "                       -> Get TLS.",
        "  -     turn           None.",
        "",
        "1 fault, 1 warning.",
        "",
      ].join("\n"),
    );
  });

  it("says so when all is well", () => {
    expect(text(good)).toContain("Everything is well.");
    expect(text(doubtful, doubtful)).toContain("\n2 warnings.\n");
  });
});

describe("exitCodeOf", () => {
  it("is 1 for faults only", () => {
    const code = (...checks: Check[]) => exitCodeOf({ version: "1", checks });
    expect([code(), code(good, doubtful), code(good, faulty)]).toEqual([0, 0, 1]);
  });
});
