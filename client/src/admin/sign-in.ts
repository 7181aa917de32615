import { need } from "../pages/decorate.ts";
import { setText } from "../ui/dom.ts";
import type { ApiProblem } from "./problem.ts";

/** Remembers, for the button to sign out, that somebody signed in here. The cookie itself is not for scripts. */
const signedInKey = "millrace-admin-signed-in";

const reasons: Readonly<Record<string, string>> = {
  TOKEN_EXPIRED: "That token is too old. Make a new one.",
  RATE_LIMITED: "Too many attempts. Wait a minute, then try again.",
  ADDRESS_FORBIDDEN: "Nobody may administer from this address: see auth.adminFrom.",
  ORIGIN_FORBIDDEN: "The form has to be sent from this page.",
};

/** Why the server sent the form back, from the address of the page; undefined when it did not. */
export function failureText(query: string): string | undefined {
  const failed = new URLSearchParams(query).get("failed");
  if (failed === null) return undefined;
  return reasons[failed] ?? "That is not an admin token of this server.";
}

/** The form for the admin token, and the button that forgets it. The server answers both with the page. */
export class SignIn {
  readonly #panel = need<HTMLElement>('[data-testid="sign-in"]');
  readonly #why = need<HTMLElement>('[data-testid="sign-in-why"]');
  readonly #error = need<HTMLElement>('[data-testid="sign-in-error"]');
  readonly #token = need<HTMLInputElement>('[data-testid="sign-in-token"]');
  readonly #out = need<HTMLFormElement>('[data-testid="sign-out"]');

  constructor() {
    const failure = failureText(location.search);
    if (failure !== undefined) {
      setText(this.#error, failure);
      this.#token.setAttribute("aria-invalid", "true");
      // Loaded anew, the page should not say so again.
      history.replaceState(null, "", location.pathname + location.hash);
      remember(false);
    }
    need('[data-testid="sign-in-form"]').addEventListener("submit", () => remember(true));
    this.#out.addEventListener("submit", () => remember(false));
  }

  /** Asks for the token. */
  open(problem: ApiProblem | undefined): void {
    this.#out.hidden = true;
    if (problem?.code === "ADDRESS_FORBIDDEN") setText(this.#why, reasons[problem.code] ?? "");
    if (!this.#panel.hidden) return;
    this.#panel.hidden = false;
    this.#token.focus();
  }

  /** The server answers. */
  close(): void {
    this.#panel.hidden = true;
    this.#out.hidden = !remembered();
  }
}

function remember(signedIn: boolean): void {
  try {
    if (signedIn) localStorage.setItem(signedInKey, "1");
    else localStorage.removeItem(signedInKey);
  } catch {
    // A browser without storage shows no button.
  }
}

function remembered(): boolean {
  try {
    return localStorage.getItem(signedInKey) !== null;
  } catch {
    return false;
  }
}
