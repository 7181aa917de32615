import { defaultSettings, type PublishSettings, parseSettings } from "./settings.ts";

/** What is needed of a `Storage`. */
export interface SettingsStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const key = "millrace-publisher";
/** A longer document is none of ours. */
const maxLength = 4096;

/** The settings of last time; defaults where there are none, or where the browser keeps nothing. */
export function recallSettings(store: () => SettingsStore): PublishSettings {
  try {
    const text = store().getItem(key) ?? "";
    return text === "" || text.length > maxLength
      ? defaultSettings
      : parseSettings(JSON.parse(text));
  } catch {
    return defaultSettings;
  }
}

/** Keeps settings for next time, where the browser lets a page keep something. */
export function rememberSettings(store: () => SettingsStore, settings: PublishSettings): void {
  try {
    // A screen has to be chosen anew each time: the page does not begin with a question.
    const { picture } = settings;
    const kept = { ...settings, picture: picture === "screen" ? "camera" : picture };
    store().setItem(key, JSON.stringify(kept));
  } catch {
    // Private windows and full stores keep nothing.
  }
}
