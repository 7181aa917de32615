import { magicCookie, transactionIdBytes } from "./constants.ts";
import { formatAddress, formatAddress4, parseAddress } from "./ip-text.ts";
import { StunError } from "./stun-error.ts";

/** An address and port as text and number; the text is canonical. IPv4-mapped IPv6 addresses stay IPv6. */
export interface SocketAddress {
  readonly family: 4 | 6;
  readonly address: string;
  /** 0 to 65535. */
  readonly port: number;
}

/** RFC 8489 section 14.1. */
const family4 = 1;
const family6 = 2;
const portXor = magicCookie >>> 16;
const cookie = Uint8Array.of(0x21, 0x12, 0xa4, 0x42);

/**
 * The value of an XOR-MAPPED-ADDRESS, XOR-PEER-ADDRESS or XOR-RELAYED-ADDRESS. RFC 8489 section 14.2.
 * @throws StunError when family or length are wrong.
 */
export function readAddress(value: Uint8Array, transactionId: Uint8Array): SocketAddress {
  const family = value.length < 4 ? 0 : value[1];
  if (family !== family4 && family !== family6) {
    throw value.length < 4
      ? new StunError("STUN_ADDRESS_LENGTH", `an address of ${value.length} bytes`)
      : new StunError("STUN_ADDRESS_FAMILY", `address family ${family}`);
  }
  if (value.length !== (family === family4 ? 8 : 20)) {
    throw new StunError("STUN_ADDRESS_LENGTH", `family ${family} in ${value.length} bytes`);
  }
  const port = uint16(value, 2) ^ portXor;
  if (family === family4) {
    const bits = ((uint16(value, 4) << 16) | uint16(value, 6)) ^ magicCookie;
    return { family: 4, address: formatAddress4(bits), port };
  }
  const bytes = new Uint8Array(16);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (value[4 + i] as number) ^ mask(i, transactionId);
  }
  return { family: 6, address: formatAddress(bytes), port };
}

/**
 * The value that `readAddress` reads. RFC 8489 section 14.2.
 * @throws RangeError when the address is none of its family, or the port is none.
 */
export function writeAddress(address: SocketAddress, transactionId: Uint8Array): Uint8Array {
  const bytes = parseAddress(address.address);
  const { family, port } = address;
  if (bytes === undefined || bytes.length !== (family === 4 ? 4 : 16)) {
    throw new RangeError(`no IPv${family} address: ${address.address}`);
  }
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) {
    throw new RangeError(`no port: ${port}`);
  }
  const value = new Uint8Array(4 + bytes.length);
  value[1] = family === 4 ? family4 : family6;
  value[2] = (port ^ portXor) >>> 8;
  value[3] = (port ^ portXor) & 0xff;
  for (let i = 0; i < bytes.length; i++) {
    value[4 + i] = (bytes[i] as number) ^ mask(i, transactionId);
  }
  return value;
}

function uint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

/** The cookie, then the transaction id. */
function mask(index: number, transactionId: Uint8Array): number {
  return (index < 4 ? cookie[index] : transactionId[(index - 4) % transactionIdBytes]) as number;
}
