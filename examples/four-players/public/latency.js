for (const section of document.querySelectorAll("section")) {
  const output = section.querySelector("output");
  const player = section.querySelector("millrace-player");
  player.addEventListener("latency", ({ detail }) => {
    output.value = `${Math.round(detail.medianMs)} ms`;
  });
  player.addEventListener("statechange", ({ detail }) => {
    if (detail.state !== "playing") output.value = "";
  });
}
