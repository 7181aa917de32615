/** Outlines on a 24 by 24 grid, for `outline`. */
export const publishIcons: Readonly<
  Record<
    | "microphone"
    | "microphoneOff"
    | "camera"
    | "pause"
    | "play"
    | "flip"
    | "screen"
    | "stop"
    | "warn"
    | "eye",
    string
  >
> = {
  microphone:
    "M12 3.5a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0v-5a3 3 0 0 0-3-3zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3",
  microphoneOff:
    "M15 9.3V6.5a3 3 0 0 0-5.7-1.3M9 9.5v2a3 3 0 0 0 4.6 2.5M5.5 11.5a6.5 6.5 0 0 0 10.3 5.3M18 13.8a6.5 6.5 0 0 0 .5-2.3M12 18v3M4 4l16 16",
  camera:
    "M3 7.5a1.5 1.5 0 0 1 1.5-1.5h9A1.5 1.5 0 0 1 15 7.5v9a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 3 16.5zM15 10.5l6-3.5v10l-6-3.5",
  pause: "M9 5.5v13M15 5.5v13",
  play: "M8 5.5v13l10.5-6.5z",
  flip: "M4 11a8 8 0 0 1 13.9-4.6L20 8.5M20 4v4.5h-4.5M20 13a8 8 0 0 1-13.9 4.6L4 15.5M4 20v-4.5h4.5",
  screen:
    "M3 6a1 1 0 0 1 1-1h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1zM8.5 20.5h7M12 14V8.5M9.3 11L12 8.3l2.7 2.7",
  stop: "M7.5 6.5h9a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1z",
  warn: "M12 8.5v5M12 16.5v.1M10.7 4.3L2.9 18a1.5 1.5 0 0 0 1.3 2.2h15.6a1.5 1.5 0 0 0 1.3-2.2L13.3 4.3a1.5 1.5 0 0 0-2.6 0z",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z",
};

export type PublishIcon = keyof typeof publishIcons;
