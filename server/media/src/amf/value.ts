/** A point in time as AMF carries it. */
export interface AmfDate {
  readonly type: "date";
  /** Milliseconds since 1970, UTC. */
  readonly ms: number;
}

/** Any value of AMF0. Long strings and XML documents are strings; the "unsupported" marker is undefined. */
export type AmfValue =
  | undefined
  | null
  | boolean
  | number
  | string
  | AmfDate
  | AmfObject
  | readonly AmfValue[];

/** An anonymous object, a typed object or an ECMA array: fields in the order in which they came. */
export class AmfObject {
  readonly type: "object" | "ecma-array";
  readonly fields: ReadonlyMap<string, AmfValue>;
  /** Only of typed objects. */
  readonly className: string | undefined;

  constructor(
    type: "object" | "ecma-array",
    fields: ReadonlyMap<string, AmfValue>,
    className?: string,
  ) {
    this.type = type;
    this.fields = fields;
    this.className = className;
  }

  get(name: string): AmfValue {
    return this.fields.get(name);
  }

  /** The field when it is a string, else undefined. */
  text(name: string): string | undefined {
    const value = this.fields.get(name);
    return typeof value === "string" ? value : undefined;
  }

  /** The field when it is a finite number, else undefined. */
  number(name: string): number | undefined {
    const value = this.fields.get(name);
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  }
}

/** An anonymous object to be written. */
export function object(fields: Readonly<Record<string, AmfValue>>): AmfObject {
  return new AmfObject("object", new Map(Object.entries(fields)));
}

/** An ECMA array to be written; players expect `onMetaData` to be one. */
export function ecmaArray(fields: Readonly<Record<string, AmfValue>>): AmfObject {
  return new AmfObject("ecma-array", new Map(Object.entries(fields)));
}
