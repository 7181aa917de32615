/** What a page of any site pastes, over http and https alike: addresses take the scheme of the page. */
const element = (host, stream) => `<div>
  <script type="module" src="//${host}/video/player.js"></script>
  <millrace-player src="//${host}/video/${stream}" autoplay muted controls></millrace-player>
  <noscript><a href="//${host}/video/${stream}">Watch ${stream}</a></noscript>
</div>`;

const frame = (host, stream) =>
  `<iframe src="//${host}/video/embed/${stream}?muted" title="${stream}" allow="autoplay; fullscreen"></iframe>`;

export function embedPage(hostHeader) {
  const { host } = new URL(`http://${hostHeader}`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Embedded</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
<main>
  <h1>Embedded players</h1>
  <p>The same code twice on a page, and once more as a frame.</p>
  <div class="players">
    <section><h2>Element</h2>${element(host, "live/demo")}</section>
    <section><h2>The same once more</h2>${element(host, "live/demo")}</section>
    <section><h2>Frame</h2>${frame(host, "live/demo")}</section>
  </div>
</main>`;
}
