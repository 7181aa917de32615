import { createHash } from "node:crypto";

// The colours and letters of the other pages (client/src/pages/site.css), without anything to load.
const style = `:root{color-scheme:light dark;--paper:#f2f4ee;--raised:#fbfcf8;--line:#d3dcd3;--ink:#12302b;--soft:#4e665f;
--water:#0b7566;--on-water:#f6fbf8;--live:#c9342a;font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
@media (prefers-color-scheme:dark){:root{--paper:#0b1514;--raised:#12211f;--line:#223a36;--ink:#e7f0ea;--soft:#9cb3ab;
--water:#58d0be;--on-water:#05211c;--live:#ff6d61}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--paper);color:var(--ink)}
main{width:min(24rem,100% - 2rem);padding:1.5rem;background:var(--raised);border:1px solid var(--line);border-radius:14px}
h1{margin:0;font:600 1.5rem/1.2 "Iowan Old Style",Palatino,P052,Georgia,serif;overflow-wrap:anywhere}
h1+p{margin:.35rem 0 1.25rem;color:var(--soft)}
form{display:grid;gap:.5rem}
ul{margin:0;padding-left:1.2rem}
a{color:var(--water)}
label{font-weight:600}
input,button{font:inherit;min-height:44px;padding:.5rem .85rem;border:1px solid var(--line);border-radius:9px}
input{background:var(--paper);color:inherit}
button{margin-top:.5rem;border:0;background:var(--water);color:var(--on-water);font-weight:600;cursor:pointer}
:focus-visible{outline:2px solid var(--water);outline-offset:2px}
form p{margin:0;color:var(--live)}`;

const styleHash = createHash("sha256").update(style).digest("base64");

export interface LoginFormOptions {
  readonly title: string;
  readonly heading: string;
  /** A sentence under the heading. */
  readonly about: string;
  /** The name of what is sent. */
  readonly field: string;
  readonly label: string;
  readonly button: string;
  /** Where the form is sent to. */
  readonly action: string;
  /** Why it is shown again. */
  readonly message?: string | undefined;
  /** Longest password, characters. */
  readonly maxLength: number;
}

/** A page that asks for a password. It works without scripts. */
export function loginForm(options: LoginFormOptions): string {
  const { title, heading, about, field, label, button, action, message, maxLength } = options;
  const alert = message === undefined ? "" : `\n<p role="alert">${escaped(message)}</p>`;
  return page(
    title,
    `<h1>${escaped(heading)}</h1>
<p>${escaped(about)}</p>
<form method="post" action="${escaped(action)}">
<label for="${field}">${escaped(label)}</label>
<input id="${field}" name="${field}" type="password" autocomplete="current-password" maxlength="${maxLength}" required autofocus>${alert}
<button>${escaped(button)}</button>
</form>`,
  );
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`;
}

/** What the form's page may do: look as it does, and be sent to us. */
export function loginFormPolicy(frameAncestors: string): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    "base-uri 'none'",
    "form-action 'self'",
    `frame-ancestors ${frameAncestors}`,
  ].join("; ");
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
