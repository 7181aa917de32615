import { test as base } from "@playwright/test";
import { Gateway } from "./peers/gateway.ts";
import { Hosts, hostsMissing, lacksHosts } from "./peers/hosts.ts";
import { keepPeerConnections } from "./peers/viewer.ts";

interface TestFixtures {
  /** Runs after the test, in reverse order, whatever became of it. */
  readonly cleanup: (step: () => Promise<unknown>) => void;
  /** A gateway and browsers on two hosts of our own; the test is left out where those cannot be made. */
  readonly hosts: Hosts;
}

interface WorkerFixtures {
  /** One gateway for all tests that need nothing special of it. */
  readonly gateway: Gateway;
}

/** The tests' base: a running gateway, and pages whose peer connections can be asked for statistics. */
export const test = base.extend<TestFixtures, WorkerFixtures>({
  gateway: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameter's shape.
    async ({}, use) => {
      const gateway = await Gateway.start();
      await use(gateway);
      await gateway.stop();
    },
    { scope: "worker" },
  ],
  page: async ({ page }, use) => {
    await keepPeerConnections(page);
    await use(page);
  },
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameter's shape.
  hosts: async ({}, use, info) => {
    info.skip(lacksHosts(), hostsMissing);
    const hosts = await Hosts.start();
    await use(hosts);
    await hosts.close();
  },
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameter's shape.
  cleanup: async ({}, use) => {
    const steps: (() => Promise<unknown>)[] = [];
    await use((step) => void steps.push(step));
    for (const step of steps.reverse()) await step();
  },
});

export { expect } from "@playwright/test";
