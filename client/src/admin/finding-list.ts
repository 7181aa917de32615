import { h } from "../ui/dom.ts";
import type { Finding } from "./findings.ts";
import { streamHash } from "./route.ts";

/** Streams that a finding names; it tells how many more there are. */
const maxStreams = 4;

/** Shows findings, or that there are none. What did not change stays, and what has the focus keeps it. */
export function showFindings(
  list: HTMLElement,
  findings: readonly Finding[],
  none: string,
  withStreams = true,
): void {
  const shown = JSON.stringify(findings);
  if (list.dataset["shown"] === shown) return;
  list.dataset["shown"] = shown;
  const focused = document.activeElement?.getAttribute("href");
  list.replaceChildren(
    ...(findings.length === 0
      ? [h("li", { class: "finding panel", "data-status": "ok" }, h("p", {}, none))]
      : findings.map((finding) => findingItem(finding, withStreams))),
  );
  if (focused && !document.body.contains(document.activeElement?.closest("li") ?? null)) {
    list.querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus();
  }
}

function findingItem(
  { code, fix, status, streams, title }: Finding,
  withStreams: boolean,
): HTMLElement {
  const named = withStreams ? streams.slice(0, maxStreams) : [];
  const more = withStreams ? streams.length - named.length : 0;
  return h(
    "li",
    { class: "finding panel", "data-status": status, "data-testid": `finding-${code}` },
    h("p", { class: "finding-title" }, title),
    h("p", { class: "finding-fix" }, fix),
    h(
      "p",
      { class: "finding-about" },
      ...named.map((name) => h("a", { href: streamHash(name) }, name)),
      more > 0 ? h("span", {}, `and ${more.toLocaleString("en")} more`) : undefined,
      h("code", {}, code),
    ),
  );
}
