import type { DeviceChoice } from "../publisher/capture/devices.ts";
import type { Option } from "./fields.ts";

/** Stands for no microphone in a list of device ids, which it cannot be. */
export const noDevice = "-";

/** What a list of devices offers, and which of them is chosen. */
export interface DeviceOptions {
  readonly options: readonly Option<string>[];
  readonly value: string;
}

/**
 * `wanted` is what was chosen (empty: any), `used` the device that is open. Without names yet, as before a
 * permission, one entry stands for whatever the browser takes.
 */
export function deviceOptions(
  devices: readonly DeviceChoice[],
  wanted: string,
  used: string | undefined,
): DeviceOptions {
  const options = devices.map(({ id, label }) => ({ value: id, label }));
  const value = used ?? wanted;
  if (options.some((option) => option.value === value)) return { options, value };
  // Some systems name no real device behind their default.
  const label = used === undefined && wanted !== "" ? "Not connected" : "Chosen by the browser";
  return { options: [{ value, label }, ...options], value };
}
