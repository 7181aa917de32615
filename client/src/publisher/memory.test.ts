import { expect, it } from "vitest";
import { recallSettings, rememberSettings, type SettingsStore } from "./memory.ts";
import { defaultSettings } from "./settings.ts";

function fakeStore(): SettingsStore & { text: string | null } {
  return {
    text: null,
    getItem() {
      return this.text;
    },
    setItem(_key, value) {
      this.text = value;
    },
  };
}

it("recalls what it remembers, but begins with the camera", () => {
  const store = fakeStore();
  expect(recallSettings(() => store)).toEqual(defaultSettings);
  const chosen = { ...defaultSettings, resolution: 1080, picture: "screen" } as const;
  rememberSettings(() => store, chosen);
  expect(recallSettings(() => store)).toEqual({ ...chosen, picture: "camera" });
  rememberSettings(() => store, { ...chosen, picture: "none" });
  expect(recallSettings(() => store).picture).toBe("none");
});

it("does without a store, and with a broken one", () => {
  const forbidden = (): SettingsStore => {
    throw new DOMException("no", "SecurityError");
  };
  rememberSettings(forbidden, defaultSettings);
  expect(recallSettings(forbidden)).toEqual(defaultSettings);
  const store = fakeStore();
  for (const text of ["{", "null", "7", `{"codec":"av1"}${" ".repeat(4096)}`]) {
    store.text = text;
    expect(recallSettings(() => store)).toEqual(defaultSettings);
  }
});
