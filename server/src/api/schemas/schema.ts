import { z } from "zod";

/** Every document that the API's description names, by the name it has there. */
export const components: ReturnType<typeof z.registry<{ id: string }>> = z.registry<{
  id: string;
}>();

/** A check for each member, none left out and none besides. */
type Members<T> = { readonly [K in keyof Required<T>]: z.ZodType<T[K]> };

/**
 * The schema of a document: strict, so that tests see what nobody described; the description served to clients allows
 * for members that come later.
 */
export function documentOf<T extends object>(
  id: string,
  about: string,
  members: Members<T>,
): z.ZodType<T> {
  const schema = z.strictObject(members as z.core.$ZodShape).describe(about);
  components.add(schema, { id });
  return schema as unknown as z.ZodType<T>;
}

/** The same for figures: whoever measures may add some of their own, and is not bound to name them here. */
export function figuresOf<T extends object>(
  id: string,
  about: string,
  members: Partial<Members<T>>,
): z.ZodType<T> {
  const schema = z.looseObject(members as z.core.$ZodShape).describe(about);
  components.add(schema, { id });
  return schema as unknown as z.ZodType<T>;
}

/** Gives a schema that is not one document a name of its own. */
export function named<T>(id: string, about: string, schema: z.ZodType<T>): z.ZodType<T> {
  const described = schema.describe(about);
  components.add(described, { id });
  return described;
}

/** The parameters of an address. What it does not name is not looked at. */
export function queryOf<T extends object>(members: Members<T>): z.ZodType<T> {
  return z.object(members as z.core.$ZodShape) as unknown as z.ZodType<T>;
}

export const text: z.ZodType<string> = z.string();
export const count: z.ZodType<number> = z.int().nonnegative();
export const amount: z.ZodType<number> = z.number().nonnegative();
export const time: z.ZodType<string> = z.iso
  .datetime()
  .describe("RFC 3339, in UTC, with milliseconds.");
export const code: z.ZodType<string> = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/)
  .describe("A stable code; docs/errors.md tells what each means.");
