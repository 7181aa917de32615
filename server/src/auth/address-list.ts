import { BlockList, isIP } from "node:net";
import { plainAddress } from "./openness.ts";

/** Networks in CIDR notation and single addresses, IPv4 and IPv6. */
export class AddressList {
  readonly isEmpty: boolean;
  readonly #list = new BlockList();

  /** `networks`: each checked to be an IP address or a network such as `10.0.0.0/8`. */
  constructor(networks: readonly string[]) {
    this.isEmpty = networks.length === 0;
    for (const network of networks) {
      const [address = "", prefix] = network.split("/");
      const type = isIP(address) === 4 ? "ipv4" : "ipv6";
      if (prefix === undefined) this.#list.addAddress(address, type);
      else this.#list.addSubnet(address, Number(prefix), type);
    }
  }

  /** What is no address is in no list. */
  has(address: string): boolean {
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 4 ? "ipv4" : "ipv6");
  }
}
