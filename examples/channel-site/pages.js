const page = (title, body, head = "") => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
${head}
${body}`;

const header = (person) => `<header>
  <a class="logo" href="/">Channels</a>
  <span>${person.name}</span>
  <a class="button" href="/go-live">Go live</a>
</header>`;

const people = (count) => `${count} ${count === 1 ? "viewer" : "viewers"}`;

export const loginPage = (problem = "") =>
  page(
    "Sign in",
    `<main class="narrow">
  <h1>Channels</h1>
  <form method="post" action="/login">
    <label>Name <input name="name" autocomplete="username" required></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
    <button class="button">Sign in</button>
    <p role="alert">${problem}</p>
  </form>
</main>`,
  );

export const frontPage = ({ person, ticket }, streams) =>
  page(
    "Channels",
    `${header(person)}
<main>
  <h1>Live now</h1>
  <ul class="channels">${streams.map((stream) => card(stream, ticket)).join("")}</ul>
  ${streams.length === 0 ? "<p>Nobody is live. Be the first.</p>" : ""}
</main>`,
    '<meta http-equiv="refresh" content="10">',
  );

const card = ({ name, viewers }, ticket) => {
  const channel = name.replace("live/", "");
  return `<li><a href="/${channel}">
    <img src="/video/${name}.jpg?token=${ticket}" alt="" width="640" height="360">
    <strong>${channel}</strong> <span>${people(viewers)}</span>
  </a></li>`;
};

export const channelPage = ({ person, ticket }, name, isLive) =>
  page(
    name,
    `${header(person)}
<main>
  <millrace-player src="/video/live/${name}" token="${ticket}" autoplay muted controls></millrace-player>
  <h1>${name}</h1>
  <p>${isLive ? "Live" : "Not live now. The player starts by itself."}</p>
</main>`,
    '<script type="module" src="/video/player.js"></script>',
  );

export const goLivePage = ({ person }, rtmpServer) =>
  page(
    "Go live",
    `${header(person)}
<main>
  <millrace-publisher stream="live/${person.name}" token="${person.key}"></millrace-publisher>
  <h1>Or with an encoder</h1>
  <dl>
    <dt>Server</dt><dd>${rtmpServer}</dd>
    <dt>Stream key</dt><dd><details><summary>Show the key</summary><code>${person.key}</code></details></dd>
  </dl>
</main>`,
    '<script type="module" src="/video/publisher.js"></script>',
  );
