import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { Body } from "./reply.ts";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
  ".txt": "text/plain; charset=utf-8",
};

/** More files or bytes than this are no player: the folder must be wrong. */
const maxFiles = 1000;
const maxTotalBytes = 64 * 1024 * 1024;
/** Pages differ by the path prefix of the proxy they are asked through; so many prefixes are kept. */
const maxPrefixes = 16;

/** The built pages and scripts of `client`, read once and kept in memory. */
export class Site {
  readonly #files = new Map<string, Body>();
  readonly #pages = new Map<string, Body>();

  /** Reads a folder; one that does not exist is an empty site. @throws Error when it is too large. */
  constructor(folder: string) {
    const names = listFiles(folder);
    let total = 0;
    for (const name of names) {
      const path = join(folder, name);
      total += statSync(path).size;
      if (names.length > maxFiles || total > maxTotalBytes) {
        throw new Error(`${folder} is too large to be the built player`);
      }
      const type = types[extname(name).toLowerCase()] ?? "application/octet-stream";
      this.#files.set(`/${name.split(sep).join("/")}`, new Body(type, readFileSync(path)));
    }
  }

  get isEmpty(): boolean {
    return this.#files.size === 0;
  }

  /** A file by its path, such as `/player.js`. Pages are asked for with `page`. */
  file(path: string): Body | undefined {
    return path.endsWith(".html") ? undefined : this.#files.get(path);
  }

  /**
   * A page whose addresses begin with `base`, a path such as `/video` or nothing. `publicUrl` begins the addresses that
   * it gives away; empty: as the browser reached it.
   */
  page(name: string, base: string, publicUrl = ""): Body | undefined {
    const source = this.#files.get(`/${name}`);
    if (source === undefined) return undefined;
    const key = `${name} ${base}`;
    const present = this.#pages.get(key);
    if (present !== undefined) return present;
    const filled = new Body(source.type, fillBase(source.bytes.toString("utf8"), base, publicUrl));
    if (this.#pages.size >= maxPrefixes) this.#pages.clear();
    this.#pages.set(key, filled);
    return filled;
  }
}

/** Tells the page its base and puts it before its own absolute paths. */
function fillBase(html: string, base: string, publicUrl: string): string {
  const url = publicUrl.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return html
    .replace(/(<meta\s+name="millrace-base"\s+content=")[^"]*(")/, `$1${base}$2`)
    .replace(/(<meta\s+name="millrace-public"\s+content=")[^"]*(")/, (_, a, b) => `${a}${url}${b}`)
    .replace(/(\s(?:src|href|action)=")\/(?!\/)/g, `$1${base}/`);
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
