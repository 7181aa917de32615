import { BlockList, isIP } from "node:net";

/** Why browsers elsewhere cannot reach the announced addresses. */
export type AnnouncedHintCode =
  | "RTC_ADDRESS_NONE"
  | "RTC_ADDRESS_LOOPBACK"
  | "RTC_ADDRESS_LINK_LOCAL"
  | "RTC_ADDRESS_CONTAINER"
  | "RTC_ADDRESS_PRIVATE";

export interface AnnouncedHint {
  readonly code: AnnouncedHintCode;
  /** One sentence for an operator, with what to do. */
  readonly message: string;
}

export interface AnnouncedContext {
  /** What `rtc.announcedIps` says; who sets it knows what they do. */
  readonly configured: readonly string[];
  /** Whether this process runs in a container (`inContainer`). */
  readonly container: boolean;
}

/** RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3. */
const LOOPBACK = ranges(["127.0.0.0/8", "::1/128"]);
/** RFC 3927, RFC 4291 section 2.5.6. */
const LINK_LOCAL = ranges(["169.254.0.0/16", "fe80::/10"]);
/** What Docker, Podman and Kubernetes give to their bridges unless told otherwise. */
const BRIDGES = ranges([
  "172.16.0.0/12",
  "10.88.0.0/16",
  "10.244.0.0/16",
  "10.42.0.0/16",
  "192.168.65.0/24",
]);
/** What Docker's default bridge has; hardly anything else uses it. */
const DOCKER_BRIDGE = ranges(["172.17.0.0/16"]);
/** RFC 1918, RFC 6598, RFC 4193. */
const PRIVATE = ranges([
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "fc00::/7",
]);

const REMEDY = "set rtc.announcedIps to the address at which browsers reach this machine";

/**
 * What to tell an operator whose announced addresses reach nobody, or only the same network; undefined when one of
 * them may be public, or when they were configured. Pure: nothing is looked up.
 */
export function announcedHint(
  addresses: readonly string[],
  { configured, container }: AnnouncedContext,
): AnnouncedHint | undefined {
  if (configured.length > 0) return undefined;
  if (addresses.length === 0) {
    return hint("RTC_ADDRESS_NONE", "WebRTC has no address to announce");
  }
  const list = addresses.join(", ");
  const far = addresses.filter((address) => !within(LOOPBACK, address));
  if (far.length === 0) {
    return hint("RTC_ADDRESS_LOOPBACK", `only this machine reaches WebRTC at ${list}`);
  }
  const routed = far.filter((address) => !within(LINK_LOCAL, address));
  if (routed.length === 0) {
    return hint("RTC_ADDRESS_LINK_LOCAL", `only the same link reaches WebRTC at ${list}`);
  }
  if (routed.some((address) => !within(PRIVATE, address))) return undefined;
  const v4 = routed.filter((address) => isIP(address) === 4);
  const bridged = v4.length > 0 && v4.every((address) => within(BRIDGES, address));
  if ((container && bridged) || v4.some((address) => container && within(DOCKER_BRIDGE, address))) {
    return hint(
      "RTC_ADDRESS_CONTAINER",
      `WebRTC announces ${list}, which exists only inside the container's host: publish the port and`,
      " ",
    );
  }
  return hint("RTC_ADDRESS_PRIVATE", `only the same private network reaches WebRTC at ${list}`);
}

/** What tells that a process runs in a container. */
export interface ContainerSigns {
  /** `/.dockerenv` or `/run/.containerenv` is there. */
  readonly marker: boolean;
  /** What `/proc/1/cgroup` says; empty where there is none. */
  readonly cgroup: string;
}

/** Whether the signs are those of Docker, Podman, containerd, LXC or Kubernetes. */
export function inContainer({ marker, cgroup }: ContainerSigns): boolean {
  return marker || /docker|containerd|kubepods|libpod|lxc|crio/.test(cgroup);
}

function hint(code: AnnouncedHintCode, what: string, joint = ": "): AnnouncedHint {
  return { code, message: `${what}${joint}${REMEDY}` };
}

function ranges(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = "", prefix] = subnet.split("/");
    list.addSubnet(address, Number(prefix), isIP(address) === 6 ? "ipv6" : "ipv4");
  }
  return list;
}

function within(list: BlockList, address: string): boolean {
  const [plain = ""] = address.split("%");
  return list.check(plain, isIP(plain) === 6 ? "ipv6" : "ipv4");
}
