import {
  createECDH,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from "node:crypto";

/** CPU that the public-key work of one handshake takes in node:crypto: what a join cannot cost less than. */
export interface JoinLimit {
  /** Microseconds: a P-256 key pair, deriving the secret, signing, reading the client's key, verifying. */
  readonly keyPair: number;
  readonly derive: number;
  readonly sign: number;
  readonly readKey: number;
  readonly verify: number;
  readonly sum: number;
  /** Joins per second of CPU if there were nothing else. */
  readonly joinsPerSecond: number;
}

const rounds = 400;

/** Measured here and now, so that a figure of joins divided by it holds on every machine. Takes about a second. */
export function measureJoinLimit(): JoinLimit {
  const ours = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const theirs = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = theirs.publicKey.export({ format: "jwk" });
  const data = randomBytes(1500);
  const signature = sign("sha256", data, theirs.privateKey);
  const keyPair = microseconds(() => createECDH("prime256v1").generateKeys());
  const derive = microseconds(() =>
    diffieHellman({ privateKey: ours.privateKey, publicKey: theirs.publicKey }),
  );
  const signed = microseconds(() => sign("sha256", data, ours.privateKey));
  const readKey = microseconds(() => createPublicKey({ key: jwk, format: "jwk" }));
  const verified = microseconds(() => verify("sha256", data, theirs.publicKey, signature));
  const sum = keyPair + derive + signed + readKey + verified;
  return {
    ...{ keyPair, derive, sign: signed, readKey, verify: verified, sum },
    joinsPerSecond: 1e6 / sum,
  };
}

function microseconds(work: () => unknown): number {
  for (let i = 0; i < rounds / 4; i++) work();
  const from = process.cpuUsage();
  for (let i = 0; i < rounds; i++) work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / rounds;
}

if (process.argv[1] === import.meta.filename) console.log(measureJoinLimit());
