import { expect, it } from "vitest";
import { parseDoctorArguments } from "./arguments.ts";

it("takes its own flags and leaves the others in their order", () => {
  const args = "doctor --url https://a.example --rtmp-port 1936 --token=T --json --stream live/cam";
  expect(parseDoctorArguments(args.split(" "))).toEqual({
    url: "https://a.example",
    token: "T",
    stream: "live/cam",
    json: true,
    rest: ["doctor", "--rtmp-port", "1936"],
    problems: [],
  });
});

it("takes no flag for a value, and names those without one", () => {
  const found = parseDoctorArguments(["--url", "--json", "--token="]);
  expect(found).toMatchObject({ url: undefined, token: undefined, json: true });
  expect(found.problems).toHaveLength(2);
});

it("leaves longer flags alone that begin alike", () => {
  expect(parseDoctorArguments(["--urls", "x"]).rest).toEqual(["--urls", "x"]);
});
