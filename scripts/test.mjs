// `npm test`: everything, from a fresh clone. Installs packages, and on Debian as root the foreign
// programs that the tests drive. `npm test -- --no-e2e` leaves the browsers out.
import { spawnSync } from "node:child_process";
import { build, buildNative, fail, installPackages, requireNode, run, runTool } from "./setup.mjs";
import { testMatrix } from "./test-matrix.mjs";

/** Programs that the tests drive, how to tell that they are there, and the Debian packages that have them. */
const programs = [
  { probe: ["chromium", "--version"], packages: ["chromium"] },
  { probe: ["firefox-esr", "--version"], packages: ["firefox-esr"] },
  { probe: ["ffmpeg", "-version"], packages: ["ffmpeg"] },
  { probe: ["cc", "--version"], packages: ["gcc", "libc6-dev"] },
  { probe: ["test", "-x", "/usr/bin/turnutils_uclient"], packages: ["coturn"] },
  {
    probe: ["gst-inspect-1.0", "--exists", "x264enc"],
    packages: ["gstreamer1.0-tools", "gstreamer1.0-plugins-ugly"],
  },
  {
    probe: ["gst-inspect-1.0", "--exists", "videotestsrc"],
    packages: ["gstreamer1.0-plugins-base"],
  },
  { probe: ["gst-inspect-1.0", "--exists", "flvmux"], packages: ["gstreamer1.0-plugins-good"] },
  { probe: ["gst-inspect-1.0", "--exists", "rtmp2sink"], packages: ["gstreamer1.0-plugins-bad"] },
  { probe: ["gst-inspect-1.0", "--exists", "avenc_aac"], packages: ["gstreamer1.0-libav"] },
  // Its version is not GStreamer's, which `--exists` takes for missing.
  { probe: ["gst-inspect-1.0", "nicesrc"], packages: ["gstreamer1.0-nice"] },
  {
    probe: ["/usr/bin/python3", "-c", "import gi; gi.require_version('GstWebRTC', '1.0')"],
    packages: ["python3-gi", "gir1.2-gst-plugins-bad-1.0"],
  },
  // VLC says nothing at all to the superuser.
  { probe: ["test", "-x", "/usr/bin/cvlc"], packages: ["vlc-bin", "vlc-plugin-base"] },
  { probe: ["nginx", "-v"], packages: ["nginx-light"] },
  { probe: ["caddy", "version"], packages: ["caddy"] },
  { probe: ["apache2", "-v"], packages: ["apache2-bin"] },
  { probe: ["prometheus", "--version"], packages: ["prometheus"] },
  // An ACME server for tests.
  { probe: ["test", "-x", "/usr/bin/pebble"], packages: ["pebble"] },
  { probe: ["curl", "--version"], packages: ["curl"] },
  { probe: ["ip", "-V"], packages: ["iproute2"] },
  { probe: ["nft", "--version"], packages: ["nftables"] },
];

/** Debian keeps system programs where other users' PATH does not look. */
const environment = { PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

/** @param {readonly string[]} command */
function works([name, ...args]) {
  const { status } = spawnSync(name, args, {
    stdio: "ignore",
    env: { ...process.env, ...environment },
  });
  return status === 0;
}

async function installPrograms() {
  const missing = programs.filter(({ probe }) => !works(probe));
  if (missing.length === 0) return;
  const packages = missing.flatMap(({ packages }) => packages);
  const root = process.getuid?.() === 0;
  if (!root || !works(["apt-get", "--version"])) {
    process.stderr.write(
      `Some tests need programs that are not here. On Debian: apt-get install ${packages.join(" ")}\n`,
    );
    return;
  }
  process.stderr.write(`Installing ${packages.join(", ")}…\n`);
  const quiet = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "-qq"], quiet);
  await run("apt-get", ["install", "-qq", "-y", "--no-install-recommends", ...packages], quiet);
}

requireNode();
const args = process.argv.slice(2);
const withBrowsers = !args.includes("--no-e2e");
try {
  await installPackages();
  await installPrograms();
  await buildNative();
  await runTool("tsc", ["-b"]);
  await runTool("biome", ["check", "."]);
  await runTool("vitest", ["run"], environment);
  await build();
  await testMatrix(environment);
  if (withBrowsers) await runTool("playwright", ["test"], environment);
} catch (error) {
  fail(`\nnpm test: ${error instanceof Error ? error.message : error}`);
}
