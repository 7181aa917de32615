const colours: Readonly<Record<string, string>> = {
  error: "\u001b[31m",
  warn: "\u001b[33m",
  info: "\u001b[32m",
  debug: "\u001b[2m",
};
const plain = "\u001b[0m";
const dim = "\u001b[2m";

/** One JSON log line as a line for people: time, level, message, fields. What is no JSON stays as it is. */
export function textLine(json: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return json;
  }
  const { time, level, msg, ...fields } = entry;
  const clock = typeof time === "string" ? time.slice(11, 23) : "";
  const word = String(level);
  const shown = Object.entries(fields).map(
    ([name, value]) => `${dim}${name}=${plain}${valueText(value)}`,
  );
  const head = `${dim}${clock}${plain} ${colours[word] ?? ""}${word.padEnd(5)}${plain} ${printable(String(msg))}`;
  return `${[head, ...shown].join(" ")}\n`;
}

function valueText(value: unknown): string {
  if (typeof value === "object" && value !== null && "stack" in value) {
    return `\n${printable(String(value.stack), "\n")}`;
  }
  if (typeof value === "string" && /^[\w./:+@-]+$/.test(value)) return value;
  return printable(JSON.stringify(value) ?? "");
}

/** Text from outside must not steer the terminal. */
function printable(text: string, except = ""): string {
  return text.replace(/\p{Cc}/gu, (c) => (c === except ? c : "�"));
}
