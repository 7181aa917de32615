import { isAddress, isHostName, isListenHost, isSubnet, isTurnSecret } from "./checks.ts";
import { choice, integer, list, port, type SpecsOf, text, toggle } from "./kinds.ts";

const secretWords = { check: isTurnSecret, allowed: "8 to 512 characters", secret: true };

const fileWords = {
  default: "",
  check: (value: string) => value.length <= 4096 && !value.includes("\0"),
  allowed: "the path of a file",
  placeholder: "<file>",
};

export const turnKeys: SpecsOf<"turn"> = {
  "turn.enabled": toggle({
    default: true,
    about:
      "Run the TURN relay that comes with the gateway, for browsers that reach WebRTC media in no other way.",
  }),
  "turn.host": text({
    default: "*",
    check: isListenHost,
    allowed: "an IP address of this machine, or * for all",
    placeholder: "<ip>",
    about: "Address on which TURN listens.",
  }),
  "turn.port": port({ default: 3478, about: "Port of TURN, over UDP and TCP." }),
  "turn.tlsPort": {
    ...port({ default: 0, about: "Port of TURN over TLS, which looks like HTTPS to firewalls." }),
    allowed: "a port number from 1 to 65535, or 0 for none",
  },
  "turn.cert": text({
    ...fileWords,
    about:
      "Certificate chain for TURN over TLS, as PEM; read again when the file changes. Empty: that of HTTPS.",
  }),
  "turn.key": text({
    ...fileWords,
    about: "Private key of turn.cert, as PEM without a passphrase.",
  }),
  "turn.publicHosts": list({
    default: [],
    max: 2,
    check: (value) => isAddress(value) || isHostName(value),
    allowed: "a host name or an IP address",
    placeholder: "<host,…>",
    about:
      "Names or addresses at which browsers reach TURN. Empty: the first IPv4 and the first IPv6 address of rtc.announcedIps or else of the interfaces, and for TLS the name in the certificate.",
  }),
  "turn.minPort": integer({
    default: 49_152,
    min: 1024,
    max: 65_535,
    about: "First of the UDP ports from which TURN relays; only the gateway itself talks to them.",
  }),
  "turn.maxPort": integer({
    default: 65_535,
    min: 1024,
    max: 65_535,
    about: "Last of the UDP ports from which TURN relays; each relayed browser takes one or two.",
  }),
  "turn.secret": text({
    ...secretWords,
    default: "",
    check: (value) => value === "" || isTurnSecret(value),
    placeholder: "<secret>",
    about:
      "The secret from which TURN credentials are made (coturn: static-auth-secret). Empty: another random one at each start.",
  }),
  "turn.previousSecrets": list({
    ...secretWords,
    default: [],
    max: 4,
    placeholder: "<secret,…>",
    about: "Earlier values of turn.secret that TURN still takes while it is being changed.",
  }),
  "turn.dataPath": choice({
    default: "auto",
    of: ["auto", "native", "node"],
    about:
      "What passes relayed packets on: native code, which is several times as fast and is built where there is a C compiler, or Node's sockets.",
  }),
  "turn.realm": text({
    default: "millrace",
    check: (value) => /^[A-Za-z0-9._-]{1,128}$/.test(value),
    allowed: "1 to 128 characters of A-Z a-z 0-9 . _ -",
    placeholder: "<realm>",
    about: "The realm that TURN tells its clients.",
  }),
  "turn.allowPeers": list({
    default: [],
    max: 64,
    check: isSubnet,
    allowed: "an IP address or a network such as 10.0.0.0/8",
    placeholder: "<network,…>",
    about:
      "Networks to which TURN relays besides the gateway's own media and other relayed browsers.",
  }),
  "turn.maxAllocations": integer({
    default: 8192,
    min: 1,
    max: 60_000,
    about: "TURN allocations at once; each browser makes one for each way to reach TURN.",
  }),
  "turn.maxAllocationsPerUser": integer({
    default: 16,
    min: 1,
    max: 60_000,
    about: "TURN allocations at once of one session.",
  }),
  "turn.maxAllocationsPerAddress": integer({
    default: 1024,
    min: 1,
    max: 60_000,
    about: "TURN allocations at once from one IP address, behind which many browsers may be.",
  }),
  "turn.maxBitrateBps": integer({
    default: 40_000_000,
    min: 64_000,
    max: 10_000_000_000,
    unit: "bit/s",
    about: "What one TURN allocation may carry, each way; what is beyond it is dropped.",
  }),
  "turn.maxConnections": integer({
    default: 8192,
    min: 1,
    max: 1_000_000,
    about: "TCP and TLS connections to TURN at once; further ones are closed at once.",
  }),
  "turn.maxConnectionsPerAddress": integer({
    default: 1024,
    min: 1,
    max: 1_000_000,
    about: "TCP and TLS connections to TURN at once from one IP address.",
  }),
};
