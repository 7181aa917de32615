interface Entry<T> {
  readonly order: number;
  readonly value: T;
}

interface Node<T> {
  readonly literal: Map<string, Node<T>>;
  /** Segments with `*` among other characters. */
  readonly mixed: {
    readonly text: string;
    readonly parts: readonly string[];
    readonly node: Node<T>;
  }[];
  any: Node<T> | undefined;
  entry: Entry<T> | undefined;
}

/**
 * Values by patterns of stream names, in which `*` stands for any characters within a segment. What a look-up
 * costs does not grow with the names and with patterns such as `live/*`; only with those that have `*` among other characters.
 */
export class PatternIndex<T> {
  readonly #root: Node<T> = createNode();
  #size = 0;

  constructor(patterns: Iterable<readonly [pattern: string, value: T]>) {
    for (const [pattern, value] of patterns) this.#add(pattern, value);
  }

  get size(): number {
    return this.#size;
  }

  /** The value of the first pattern, in the order in which they were given, that matches. */
  find(name: string): T | undefined {
    return firstOf(this.#root, name.split("/"), 0)?.value;
  }

  #add(pattern: string, value: T): void {
    const node = pattern.split("/").reduce((parent, segment) => step(parent, segment), this.#root);
    node.entry ??= { order: this.#size, value };
    this.#size++;
  }
}

function createNode<T>(): Node<T> {
  return { literal: new Map(), mixed: [], any: undefined, entry: undefined };
}

/** The child for this segment of a pattern, which is made when it is not there. */
function step<T>(parent: Node<T>, segment: string): Node<T> {
  if (/^\*+$/.test(segment)) {
    parent.any ??= createNode();
    return parent.any;
  }
  if (segment.includes("*")) {
    const present = parent.mixed.find(({ text }) => text === segment);
    if (present !== undefined) return present.node;
    const node: Node<T> = createNode();
    parent.mixed.push({ text: segment, parts: segment.split(/\*+/), node });
    return node;
  }
  const present = parent.literal.get(segment);
  if (present !== undefined) return present;
  const node: Node<T> = createNode();
  parent.literal.set(segment, node);
  return node;
}

function firstOf<T>(node: Node<T>, segments: readonly string[], at: number): Entry<T> | undefined {
  const segment = segments[at];
  if (segment === undefined) return node.entry;
  const literal = node.literal.get(segment);
  let first = literal && firstOf(literal, segments, at + 1);
  const any = node.any && firstOf(node.any, segments, at + 1);
  first = earlier(first, any);
  for (const { parts, node: child } of node.mixed) {
    if (matches(segment, parts)) first = earlier(first, firstOf(child, segments, at + 1));
  }
  return first;
}

/** Whether the text is these parts with anything between them. Never goes back: the first place of a part is the best. */
function matches(text: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function earlier<T>(a: Entry<T> | undefined, b: Entry<T> | undefined): Entry<T> | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.order < b.order ? a : b;
}
