import { describe, expect, it } from "vitest";
import { createGateway, type GatewayOptions } from "./index.ts";
import { smallGateway } from "./test-host.ts";

const files = { cert: "cert.pem", key: "key.pem" };

async function mount(options: GatewayOptions): Promise<void> {
  const gateway = createGateway({ ...smallGateway, ...options });
  try {
    gateway.mount({ use: () => {} });
  } finally {
    await gateway.close();
  }
}

describe("mount", () => {
  it.each([
    ["a certificate", { https: files }],
    ["a self-signed one", { https: { selfSigned: true } }],
  ])("refuses %s of its own for HTTPS", async (_, options) => {
    await expect(mount(options)).rejects.toThrow("https.enabled: a mounted gateway opens no port");
  });

  it("refuses to order certificates, for nobody could ask it", async () => {
    const acme = { domains: ["tv.example"], termsAgreed: true };
    await expect(mount({ acme })).rejects.toThrow("acme.domains needs http.port");
  });

  it.each([
    ["without a certificate", {}],
    ["with one for RTMPS", { https: { ...files, enabled: false }, rtmps: { enabled: true } }],
  ])("goes %s", async (_, options) => {
    await mount(options);
  });
});
