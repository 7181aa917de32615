import {
  bitrateText,
  bytesText,
  type Capacity,
  type CapacityLimit,
  type CapacityLimitId,
  type CapacityWay,
  capacityOf,
  capacityWays,
  defaultCapacitySettings,
  measuredConstants,
  viewersOf,
} from "@millrace/signaling/capacity";
import { h, setText } from "../ui/dom.ts";
import { type QualityText, type ReadForm, readForm } from "./capacity-form.ts";
import { decorate, need } from "./decorate.ts";

const form = need<HTMLFormElement>('[data-testid="plan"]');
const qualities = need<HTMLElement>('[data-testid="qualities"]');
const ways = need<HTMLElement>('[data-testid="ways"]');
const add = need<HTMLButtonElement>('[data-testid="add-quality"]');
const packet = need<HTMLInputElement>('[name="packet"]');
const result = need<HTMLElement>('[data-testid="result"]');
const verdict = need<HTMLElement>('[data-testid="verdict"]');
const most = need<HTMLElement>('[data-testid="most"]');
const limits = need<HTMLElement>('[data-testid="limits"]');
const figures = need<HTMLElement>('[data-testid="figures"]');

const maxQualities = 6;
const wayNames: Readonly<Record<CapacityWay, string>> = {
  webrtc: "WebRTC",
  "http-flv": "HTTP-FLV",
  "ws-flv": "WebSocket-FLV",
  "ll-hls": "LL-HLS",
  "long-poll": "Long-polling",
  sse: "SSE",
};
const limitNames: Readonly<Record<CapacityLimitId, string>> = {
  cpu: "CPU",
  "main-thread": "Main thread",
  memory: "Memory",
  "network-in": "Network in",
  "network-out": "Network out",
  streams: "Streams",
  "viewers-per-stream": "Viewers of a stream",
  "rtc-peers": "WebRTC connections",
  "http-connections": "HTTP connections",
};

function numberField(label: string, name: string, value: string): HTMLLabelElement {
  const input = h("input", {
    ...{ name, value, type: "number", min: "0", step: "any", inputmode: "decimal" },
    ...{ required: true },
  });
  return h("label", { class: "text-field" }, h("span", {}, label), input);
}

function addQuality({ rate, share }: QualityText): HTMLElement {
  const remove = h("button", { type: "button", class: "plain", "data-testid": "remove" }, "Remove");
  const row = h(
    "div",
    { class: "quality", "data-testid": "quality" },
    numberField("Mbit/s, sound included", "rate", rate),
    numberField("% of viewers", "share", share),
    remove,
  );
  remove.addEventListener("click", () => {
    row.remove();
    (qualities.querySelector("input") ?? add).focus();
    show();
  });
  qualities.append(row);
  return row;
}

function qualityTexts(): QualityText[] {
  return [...qualities.children].map((row) => {
    const text = (name: string): string =>
      row.querySelector<HTMLInputElement>(`[name="${name}"]`)?.value ?? "";
    return { rate: text("rate"), share: text("share") };
  });
}

function read(): ReadForm | undefined {
  const texts = new Map<string, string>();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") texts.set(name, value);
  }
  packet.placeholder = String(
    measuredConstants.packetUs[(texts.get("tier") ?? "native") as "native"],
  );
  return readForm(texts, qualityTexts());
}

function show(): void {
  const rows = [...qualities.children];
  add.hidden = rows.length >= maxQualities;
  for (const row of rows) {
    const button = row.querySelector("button");
    if (button !== null) button.hidden = rows.length < 2;
  }
  const asked = read();
  result.dataset["status"] = asked === undefined ? "unknown" : "";
  if (asked === undefined) {
    setText(verdict, "A field lacks a number");
    setText(most, "");
    limits.replaceChildren();
    figures.replaceChildren();
    return;
  }
  const { plan, machine, packetUs } = asked;
  const constants =
    packetUs === undefined
      ? measuredConstants
      : {
          ...measuredConstants,
          packetUs: { ...measuredConstants.packetUs, [machine.tier]: packetUs },
        };
  showCapacity(asked, capacityOf(plan, machine, defaultCapacitySettings, constants));
}

function showCapacity({ plan, machine }: ReadForm, capacity: Capacity): void {
  const { demand, fits, maxViewers, maxViewersLimit } = capacity;
  const over = capacity.limits.filter(({ used }) => used > 1).length;
  result.dataset["status"] = fits ? "ok" : "fail";
  setText(
    verdict,
    fits ? "It fits" : over === 1 ? "One thing is too little" : `${over} things are too little`,
  );
  const mix = viewersOf(plan) === 0 ? "over WebRTC" : "in this mix";
  setText(
    most,
    `This machine carries ${maxViewers.toLocaleString("en")} viewers ${mix}; then ${limitNames[maxViewersLimit]} runs out.`,
  );
  limits.replaceChildren(...capacity.limits.filter(({ needed }) => needed > 0).map(meter));
  const figure = (name: string, value: string): HTMLElement =>
    h("div", {}, h("dt", {}, name), h("dd", {}, value));
  figures.replaceChildren(
    figure("CPU", `${demand.cores.toFixed(2)} of ${machine.cores} cores`),
    figure("Memory", bytesText(demand.memoryMb * 1e6)),
    figure("In", bitrateText(demand.inBps)),
    figure("Out", bitrateText(demand.outBps)),
    figure("WebRTC packets a second", Math.round(demand.packetsPerSecond).toLocaleString("en")),
    figure("Storage", plan.recordedSeconds > 0 ? bytesText(demand.storageBytes) : "none"),
  );
}

function meter({ id, used, key, remedy }: CapacityLimit): HTMLElement {
  const percent = Math.round(used * 100);
  const bar = h("div", {
    ...{ class: "bar", role: "meter", "aria-label": limitNames[id] },
    ...{ "aria-valuemin": "0", "aria-valuemax": "100" },
    ...{ "aria-valuenow": String(Math.min(percent, 100)), "aria-valuetext": `${percent} %` },
  });
  bar.style.setProperty("--used", `${Math.min(percent, 100)}%`);
  const tooMuch = used > 1;
  return h(
    "li",
    { class: "limit", "data-over": tooMuch, "data-testid": `limit-${id}` },
    h("span", { class: "limit-name" }, limitNames[id]),
    h("span", { class: "limit-used" }, `${percent.toLocaleString("en")} %`),
    bar,
    tooMuch ? h("p", { class: "limit-remedy" }, remedy) : undefined,
    tooMuch && key !== undefined ? h("code", {}, key) : undefined,
  );
}

decorate();
ways.append(
  ...capacityWays.map((way) => numberField(wayNames[way], way, way === "webrtc" ? "100" : "0")),
);
addQuality({ rate: "2.5", share: "100" });
add.addEventListener("click", () => {
  addQuality({ rate: "0.6", share: "0" }).querySelector("input")?.focus();
  show();
});
form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
show();
