import { z } from "zod";
import type { ConfigPath, ConfigValue } from "./config.ts";

/** One key of the configuration: how it is checked, read from text and described. */
export interface KeySpec<T> {
  readonly schema: z.ZodType<T>;
  readonly default: T;
  /** `seconds`, `bytes` and so on; absent for pure numbers and texts. */
  readonly unit?: string;
  /** What is allowed, as the end of the sentence "must be …". */
  readonly allowed: string;
  /** One sentence for the example file, the table and `--help`. */
  readonly about: string;
  /** The value must never be shown. */
  readonly secret: boolean;
  /** What stands for the value in `--help`, such as `<seconds>`; undefined for switches. */
  readonly placeholder: string | undefined;
  /** The text of an environment variable or flag as the value that `schema` checks. */
  readonly fromText: (text: string) => unknown;
}

/** The specs of all keys of some sections: a key that `Config` has and a table lacks does not compile. */
export type SpecsOf<Section extends string> = {
  readonly [P in Extract<ConfigPath, Section | `${Section}.${string}`>]: KeySpec<ConfigValue<P>>;
};

interface About {
  readonly about: string;
  readonly secret?: boolean;
}

/** A whole number from `min` to `max`. */
export function integer(
  options: About & { default: number; min: number; max: number; unit?: string },
): KeySpec<number> {
  const unit = options.unit === undefined ? "" : ` of ${options.unit}`;
  return {
    schema: z.int().min(options.min).max(options.max),
    default: options.default,
    ...(options.unit === undefined ? {} : { unit: options.unit }),
    allowed: `a whole number${unit} from ${options.min} to ${options.max}`,
    about: options.about,
    secret: false,
    placeholder: `<${options.unit ?? "number"}>`,
    fromText: (value) => (/^-?\d{1,15}$/.test(value) ? Number(value) : value),
  };
}

/** A number from `min` to `max`, fractions allowed. */
export function decimal(
  options: About & { default: number; min: number; max: number; unit: string },
): KeySpec<number> {
  return {
    schema: z.number().min(options.min).max(options.max),
    default: options.default,
    unit: options.unit,
    allowed: `a number of ${options.unit} from ${options.min} to ${options.max}`,
    about: options.about,
    secret: false,
    placeholder: `<${options.unit}>`,
    fromText: (value) => (/^-?\d{1,15}(\.\d{1,9})?$/.test(value) ? Number(value) : value),
  };
}

/** A port number; 0 lets the system choose. */
export function port(options: About & { default: number }): KeySpec<number> {
  return {
    ...integer({ ...options, min: 0, max: 65535 }),
    allowed: "a port number from 0 to 65535 (0: any free port)",
    placeholder: "<port>",
  };
}

const switchWords = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["off", false],
  ["0", false],
]);

/** True or false. */
export function toggle(options: About & { default: boolean }): KeySpec<boolean> {
  return {
    schema: z.boolean(),
    default: options.default,
    allowed: "true or false",
    about: options.about,
    secret: false,
    placeholder: undefined,
    fromText: (value) => switchWords.get(value.toLowerCase()) ?? value,
  };
}

/** One of a few words. */
export function choice<const T extends string>(
  options: About & { default: T; of: readonly T[] },
): KeySpec<T> {
  return {
    schema: z.enum(options.of) as unknown as z.ZodType<T>,
    default: options.default,
    allowed: `one of ${options.of.join(", ")}`,
    about: options.about,
    secret: false,
    placeholder: `<${options.of.join("|")}>`,
    fromText: (value) => value,
  };
}

/** A text that passes `check`; `allowed` says in words what that is. */
export function text(
  options: About & {
    default: string;
    check: (value: string) => boolean;
    allowed: string;
    placeholder: string;
  },
): KeySpec<string> {
  return {
    schema: z.string().refine(options.check),
    default: options.default,
    allowed: options.allowed,
    about: options.about,
    secret: options.secret ?? false,
    placeholder: options.placeholder,
    fromText: (value) => value,
  };
}

/** A list of at most `max` texts that pass `check`; commas part them in the environment and in flags. */
export function list(
  options: About & {
    default: readonly string[];
    max: number;
    check: (value: string) => boolean;
    allowed: string;
    placeholder: string;
  },
): KeySpec<readonly string[]> {
  return {
    schema: z.array(z.string().refine(options.check)).max(options.max).readonly(),
    default: options.default,
    allowed: `a list of at most ${options.max}, each ${options.allowed}`,
    about: options.about,
    secret: options.secret ?? false,
    placeholder: options.placeholder,
    fromText: (value) =>
      value
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
  };
}

/** A list of at most `max` objects of one shape; JSON in the environment and in flags. */
export function objects<T>(
  options: About & { default: readonly T[]; max: number; item: z.ZodType<T>; allowed: string },
): KeySpec<readonly T[]> {
  return {
    schema: z.array(options.item).max(options.max).readonly(),
    default: options.default,
    allowed: `a list of at most ${options.max}, each ${options.allowed}`,
    about: options.about,
    secret: options.secret ?? false,
    placeholder: "<json>",
    fromText(value) {
      try {
        return JSON.parse(value) as unknown;
      } catch {
        return value;
      }
    },
  };
}
