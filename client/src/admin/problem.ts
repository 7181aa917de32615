import { fieldsOf, numberOf, textOf } from "./fields.ts";

/** The API refused something: RFC 9457 with our code. */
export class ApiProblem extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number, message: string) {
    super(message);
    this.name = "ApiProblem";
    this.code = code;
    this.status = status;
  }

  /** Whoever asks has to say first who it is. */
  get needsSignIn(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

/** What a refusal says; a proxy's page says only its status. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  let fields = fieldsOf(undefined);
  try {
    fields = fieldsOf(await response.json());
  } catch {
    // No document of ours.
  }
  const status = numberOf(fields["status"]) ?? response.status;
  const code = textOf(fields["code"]) ?? `HTTP_${response.status}`;
  const plain = `The server answered ${response.status}.`;
  return new ApiProblem(code, status, textOf(fields["detail"]) ?? plain);
}
