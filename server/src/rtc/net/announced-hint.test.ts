import { describe, expect, test } from "vitest";
import { announcedHint, inContainer } from "./announced-hint.ts";

const bare = { configured: [], container: false };
const container = { configured: [], container: true };

describe("the hint about announced addresses", () => {
  test.each([
    [[], bare, "RTC_ADDRESS_NONE"],
    [["127.0.0.1", "::1"], bare, "RTC_ADDRESS_LOOPBACK"],
    [["169.254.3.4", "fe80::1%eth0", "127.0.0.1"], bare, "RTC_ADDRESS_LINK_LOCAL"],
    [["10.0.0.5"], bare, "RTC_ADDRESS_PRIVATE"],
    [["192.168.1.2", "fd12::1", "::1"], bare, "RTC_ADDRESS_PRIVATE"],
    [["172.31.255.255"], bare, "RTC_ADDRESS_PRIVATE"],
    [["100.127.0.1"], bare, "RTC_ADDRESS_PRIVATE"],
    [["172.17.0.2"], bare, "RTC_ADDRESS_PRIVATE"],
    [["172.17.0.2"], container, "RTC_ADDRESS_CONTAINER"],
    [["172.17.0.2", "192.168.1.9"], container, "RTC_ADDRESS_CONTAINER"],
    [["172.20.0.3", "fd00::3"], container, "RTC_ADDRESS_CONTAINER"],
    [["192.168.1.9"], container, "RTC_ADDRESS_PRIVATE"],
  ] as const)("of %j (%j) is %s", (addresses, context, code) => {
    const hint = announcedHint(addresses, context);
    expect(hint?.code).toBe(code);
    expect(hint?.message).toContain("set rtc.announcedIps");
  });

  test.each([
    [["203.0.113.5"], bare],
    [["10.0.0.5", "203.0.113.5"], container],
    [["172.32.0.1"], container],
    [["100.128.0.1"], bare],
    [["2001:db8::1", "192.168.1.2"], bare],
    [["::ffff:203.0.113.5"], bare],
    [["127.0.0.1"], { configured: ["127.0.0.1"], container: true }],
  ] as const)("of %j (%j) is none", (addresses, context) => {
    expect(announcedHint(addresses, context)).toBeUndefined();
  });
});

test.each([
  [{ marker: true, cgroup: "" }, true],
  [{ marker: false, cgroup: "0::/" }, false],
  [{ marker: false, cgroup: "0::/init.scope" }, false],
  [{ marker: false, cgroup: "12:memory:/docker/4f2c" }, true],
  [{ marker: false, cgroup: "0::/kubepods.slice/kubepods-besteffort.slice" }, true],
])("%j is a container: %s", (signs, expected) => {
  expect(inContainer(signs)).toBe(expected);
});
