import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

/** Files that only this user may read: keys, and what belongs to them. */
export class PrivateFolder {
  readonly path: string;

  /** Made when something is written. */
  constructor(path: string) {
    this.path = path;
  }

  /** Undefined when there is none. @throws Error when it is there but cannot be read. */
  read(name: string): string | undefined {
    try {
      return readFileSync(join(this.path, name), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** All of it or nothing: whoever reads it meanwhile, or after a crash, finds the old one or the new one. */
  write(name: string, content: string): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const target = join(this.path, name);
    const half = `${target}.${randomBytes(6).toString("hex")}.tmp`;
    try {
      const file = openSync(half, "wx", 0o600);
      try {
        // Whatever the umask says.
        fchmodSync(file, 0o600);
        writeSync(file, content);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(half, target);
    } catch (error) {
      rmSync(half, { force: true });
      throw error;
    }
  }
}
