/** What is needed of a `MediaDeviceInfo`. */
export interface DeviceInfo {
  readonly kind: string;
  /** Empty until a permission was given. */
  readonly deviceId: string;
  readonly label: string;
  readonly groupId?: string;
}

/** A device that can be chosen. */
export interface DeviceChoice {
  readonly id: string;
  readonly label: string;
}

/** Most devices of one kind that are listed. */
export const maxDevices = 32;

/** Chromium's further names for devices that are listed anyway. */
const aliases: ReadonlySet<string> = new Set(["default", "communications"]);

/**
 * The devices of a kind, each once, without aliases. Without a permission there are no ids, so nothing can be
 * chosen.
 */
export function deviceChoices(
  devices: readonly DeviceInfo[],
  kind: "videoinput" | "audioinput",
): readonly DeviceChoice[] {
  const noun = kind === "videoinput" ? "Camera" : "Microphone";
  const real = devices.filter(
    (device) => device.kind === kind && device.deviceId !== "" && !aliases.has(device.deviceId),
  );
  const seen = new Set<string>();
  const choices: DeviceChoice[] = [];
  for (const { deviceId, label } of real) {
    if (seen.has(deviceId) || choices.length >= maxDevices) continue;
    seen.add(deviceId);
    choices.push({ id: deviceId, label: cleanLabel(label) || `${noun} ${choices.length + 1}` });
  }
  return choices;
}

/** The id under which `deviceChoices` lists the device that an alias stands for; other ids as they are. */
export function listedId(
  devices: readonly DeviceInfo[],
  kind: "videoinput" | "audioinput",
  id: string | undefined,
): string | undefined {
  if (id === undefined || !aliases.has(id)) return id;
  const same = devices.filter((device) => device.kind === kind);
  const alias = same.find((device) => device.deviceId === id);
  const real = same.filter((device) => !aliases.has(device.deviceId));
  const found =
    real.find((device) => device.groupId !== undefined && device.groupId === alias?.groupId) ??
    real.find((device) => device.label !== "" && alias?.label.endsWith(device.label));
  return found?.deviceId ?? id;
}

/** The camera after `current`; undefined when there is no other. */
export function nextDevice(
  choices: readonly DeviceChoice[],
  current: string,
): DeviceChoice | undefined {
  const index = choices.findIndex(({ id }) => id === current);
  const next = choices[(index + 1) % choices.length];
  return next === undefined || next.id === current ? undefined : next;
}

/** Whether a camera looks at the person in front of it: what it shows is then mirrored, as people know themselves. */
export function facesUser(facingMode: string | undefined, label: string): boolean {
  if (facingMode !== undefined && facingMode !== "") return facingMode === "user";
  return !/\b(back|rear|environment|capture|hdmi|obs|virtual)\b/i.test(label);
}

/** USB vendor and product numbers, which Chromium puts after the name, help nobody. */
function cleanLabel(label: string): string {
  return label.replace(/\s*\([0-9a-f]{4}:[0-9a-f]{4}\)$/i, "").trim();
}
