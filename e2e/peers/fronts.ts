import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { goBeforeBrowsers } from "./gateway.ts";
import { awaitListener, freePort, Peer } from "./process.ts";

/** The HTTPS fronts that `deploy/` has a configuration for. */
export type FrontKind = "nginx" | "caddy" | "apache";

const programs: Readonly<Record<FrontKind, string>> = {
  nginx: "/usr/sbin/nginx",
  caddy: "/usr/bin/caddy",
  apache: "/usr/sbin/apache2",
};

/** The path that `…under-path…` mounts the gateway at. */
export const shippedPath = "/video";

export function hasFront(kind: FrontKind): boolean {
  return existsSync(programs[kind]) && existsSync("/usr/bin/openssl");
}

interface Place {
  readonly folder: string;
  readonly port: number;
  /** Where plain HTTP is sent to HTTPS; not at a path. */
  readonly plainPort: number;
  readonly gatewayPort: number;
  readonly underPath: boolean;
}

/** A proxy with TLS before a gateway, with the file that operators are given: only ports and the certificate's place are filled in. */
export class Front {
  /** Where browsers reach the gateway through it, without a slash at the end. */
  readonly url: string;
  /** The same without TLS. */
  readonly plainUrl: string;
  readonly #peer: Peer;
  readonly #folder: string;

  private constructor(place: Place, peer: Peer) {
    this.url = `https://127.0.0.1:${place.port}${place.underPath ? shippedPath : ""}`;
    this.plainUrl = `http://127.0.0.1:${place.plainPort}`;
    this.#peer = peer;
    this.#folder = place.folder;
  }

  /** Starts one and waits until it listens. `gatewayPort` is that of the gateway's pages on loopback. */
  static async start(kind: FrontKind, gatewayPort: number, underPath: boolean): Promise<Front> {
    const folder = mkdtempSync(join(tmpdir(), `millrace-${kind}-`));
    const [port, plainPort] = [await freePort(), await freePort()];
    const place = { folder, port, plainPort, gatewayPort, underPath };
    makeCertificate(folder);
    const args = prepare[kind](place);
    // What Caddy keeps, it keeps in its home.
    const home = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    const peer = new Peer(programs[kind], args, { env: { ...process.env, ...home } });
    goBeforeBrowsers(peer.process.pid);
    const front = new Front(place, peer);
    try {
      await awaitListener(peer, port);
    } catch (error) {
      await front.close();
      throw error;
    }
    return front;
  }

  /** What the program's own check says of the shipped file; throws when it does not like it. */
  static check(kind: FrontKind, underPath: boolean): void {
    const folder = mkdtempSync(join(tmpdir(), `millrace-${kind}-`));
    try {
      makeCertificate(folder);
      const ports = { port: 18_443, plainPort: 18_080, gatewayPort: 8080 };
      const args = prepare[kind]({ folder, underPath, ...ports });
      const check = { nginx: [...args, "-t"], apache: [...args, "-t"] };
      const command = kind === "caddy" ? ["validate", ...args.slice(1)] : check[kind];
      execFileSync(programs[kind], command, {
        stdio: "pipe",
        env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** What it logged of requests, where the shipped file says that it does. */
  get accessLog(): string {
    return readFileSync(join(this.#folder, "access.log"), "utf8");
  }

  get pid(): number {
    return this.#peer.process.pid ?? 0;
  }

  async close(): Promise<void> {
    await this.#peer.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Writes what the program reads; returns how it is called. */
const prepare: Readonly<Record<FrontKind, (place: Place) => string[]>> = {
  nginx(place) {
    const { folder } = place;
    const name = place.underPath ? "millrace-under-path.conf" : "millrace.conf";
    const shipped = filled(`nginx/${name}`, place, [
      [/^.*listen \[::\].*\n/gm, ""],
      [/listen 80;/g, `listen 127.0.0.1:${place.plainPort};`],
      [/listen 443 /g, `listen 127.0.0.1:${place.port} `],
      [/\/var\/log\/nginx\//g, `${folder}/`],
    ]);
    writeFileSync(join(folder, "millrace.conf"), shipped);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
      .join("\n  ");
    writeFileSync(
      join(folder, "nginx.conf"),
      `daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr warn;
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
  access_log off;
  ${temporary}
  include ${folder}/millrace.conf;
}
`,
    );
    return ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"];
  },
  caddy(place) {
    const { folder, port } = place;
    const name = place.underPath ? "under-path.Caddyfile" : "Caddyfile";
    const tls = `tls ${folder}/fullchain.pem ${folder}/privkey.pem`;
    const shipped = filled(`caddy/${name}`, place, [
      [/^(?:mill|www)\.example \{/gm, `https://127.0.0.1:${port} {\n\t${tls}`],
    ]);
    const global = "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n";
    writeFileSync(join(folder, "Caddyfile"), global + shipped);
    return ["run", "--adapter", "caddyfile", "--config", join(folder, "Caddyfile")];
  },
  apache(place) {
    const { folder } = place;
    const name = place.underPath ? "millrace-under-path.conf" : "millrace.conf";
    const shipped = filled(`apache/${name}`, place, [
      [/<VirtualHost \*:80>/g, `<VirtualHost *:${place.plainPort}>`],
      [/<VirtualHost \*:443>/g, `<VirtualHost *:${place.port}>`],
    ]);
    mkdirSync(join(folder, "site"));
    writeFileSync(join(folder, "millrace.conf"), shipped);
    const modules = [
      ...["mpm_event", "authz_core", "alias", "rewrite", "headers", "reqtimeout"],
      ...["proxy", "proxy_http", "ssl", "http2"],
    ].map((module) => `LoadModule ${module}_module /usr/lib/apache2/modules/mod_${module}.so`);
    writeFileSync(
      join(folder, "apache2.conf"),
      `ServerRoot ${folder}
ServerName 127.0.0.1
DefaultRuntimeDir ${folder}
Define APACHE_LOG_DIR ${folder}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
DocumentRoot ${folder}/site
${modules.join("\n")}
${process.getuid?.() === 0 ? "User nobody\nGroup nogroup" : ""}
Listen 127.0.0.1:${place.port}
Listen 127.0.0.1:${place.plainPort}
Include ${folder}/millrace.conf
`,
    );
    return ["-d", folder, "-f", join(folder, "apache2.conf"), "-D", "FOREGROUND"];
  },
};

/** The shipped file with what is another in a test; every pattern must be found. */
function filled(
  path: string,
  { folder, gatewayPort }: Place,
  changes: readonly (readonly [RegExp, string])[],
): string {
  const file = fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url));
  let text = readFileSync(file, "utf8");
  // A front at a path has no address without TLS.
  const isOptional = (pattern: RegExp) => /80[;>]/.test(pattern.source);
  for (const [pattern, by] of [
    ...changes,
    [/127\.0\.0\.1:8080/g, `127.0.0.1:${gatewayPort}`] as const,
    [/\/etc\/ssl\/millrace\//g, `${folder}/`] as const,
  ]) {
    const isOfOthers = pattern.source.includes("etc") && path.startsWith("caddy");
    if (text.search(pattern) < 0 && !isOptional(pattern) && !isOfOthers) {
      throw new Error(`${path} has nothing that matches ${pattern}`);
    }
    text = text.replace(pattern, by);
  }
  return text;
}

function makeCertificate(folder: string): void {
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
  const files = ["-keyout", join(folder, "privkey.pem"), "-out", join(folder, "fullchain.pem")];
  execFileSync("openssl", ["req", ...kind, ...subject, ...files], { stdio: "ignore" });
}
