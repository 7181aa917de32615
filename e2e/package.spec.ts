import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "./fixtures.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const packages = ["server/media", "signaling", "turn", "client", "server"];

const program = `
import { createServer } from "node:http";
import express from "express";
import { ConfigError, createGateway, type GatewayOptions, type HookAnswer } from "@millrace/server";

const any = { host: "127.0.0.1", port: 0 };
const options: GatewayOptions = {
  ...{ demo: true, rtmp: any, rtc: any, flvTcp: any, turn: any, log: "error" },
  hooks: { onPlay: ({ token }): HookAnswer => ({ allow: token === "ticket", reason: "No." }) },
};
const app = express();
const server = createServer(app);
const gateway = createGateway(options).mount(app, { path: "/video", server });
const told: string[] = [];
gateway.on("play.started", ({ stream, transport }) => told.push(stream, transport));
await gateway.start();
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as { port: number };
const get = (path: string) => fetch(\`http://127.0.0.1:\${port}/video/\${path}\`);
const flv = await get("live/demo.flv?token=ticket");
const bytes = (await flv.body?.getReader().read())?.value ?? new Uint8Array();
const page = await (await get("live/demo")).text();
console.log(JSON.stringify({
  page: page.includes("/video/player.js"),
  player: (await get("player.js")).status,
  refused: (await get("live/demo.flv")).status,
  flv: String.fromCharCode(...bytes.subarray(0, 3)),
  tracks: gateway.streams()[0]?.tracks.map(({ codec }) => codec),
  told,
}));
try {
  createGateway({ http: { port: -1 } });
} catch (error) {
  console.log(String(error instanceof ConfigError && error.problems.length));
}
await gateway.close();
server.close();
`;

const settings = {
  compilerOptions: {
    ...{ module: "nodenext", target: "es2023", lib: ["es2023"], types: ["node"] },
    ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, outDir: "out" },
  },
  include: ["program.mts"],
};

test("the packed packages are all that a program needs, types and pages included", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-package-"));
  try {
    const modules = join(folder, "node_modules");
    mkdirSync(join(modules, "@millrace"), { recursive: true });
    // What the registry would bring.
    for (const name of readdirSync(join(root, "node_modules"))) {
      if (name === "@millrace") continue;
      symlinkSync(join(root, "node_modules", name), join(modules, name));
    }
    for (const name of packages) {
      const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], {
        cwd: join(root, name),
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      const place = join(modules, "@millrace", name.split("/").at(-1) ?? "");
      mkdirSync(place);
      const file = join(folder, packed.trim().split("\n").at(-1) ?? "");
      execFileSync("tar", ["xzf", file, "-C", place, "--strip-components=1"]);
    }
    const files = readdirSync(join(modules, "@millrace"), { recursive: true, encoding: "utf8" });
    expect(
      files.filter((path) => /\.test\.|(^|\/)(test|fake)-|\.map$|\.tsbuildinfo$/.test(path)),
    ).toEqual([]);
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    writeFileSync(join(folder, "program.mts"), program);
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
    const run = (file: string, ...args: string[]): string =>
      execFileSync(process.execPath, [file, ...args], { cwd: folder, encoding: "utf8" });
    expect(run(join(root, "node_modules/typescript/bin/tsc"), "-p", folder)).toBe("");
    const [facts = "", faults] = run("out/program.mjs").trim().split("\n");
    expect(JSON.parse(facts)).toEqual({
      page: true,
      player: 200,
      refused: 403,
      flv: "FLV",
      tracks: ["h264", "opus"],
      told: ["live/demo", "http-flv"],
    });
    expect(faults).toBe("1");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
