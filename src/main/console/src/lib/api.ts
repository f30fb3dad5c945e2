// Requests to the API of this server. The cookie of the session counts only with the header below.

export const CONSOLE_HEADER = "X-Threadmill-Console";

/** An error of the API, or of the way to it (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code: string | null = null,
    readonly param: string | null = null,
  ) {
    super(message);
  }
}

export interface Page<T> {
  data: T[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

export type Query = Record<string, string | number | boolean | null | undefined>;

let project: string | null = null;
let onSignedOut: () => void = () => {};

/** Names the project that all further requests are about. */
export function useProjectForRequests(id: string | null): void {
  project = id;
}

/** Sets what is called when the session has ended. */
export function whenSignedOut(action: () => void): void {
  onSignedOut = action;
}

export function withQuery(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") params.append(name, String(value));
  }
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

export function headers(extra: Record<string, string> = {}): Headers {
  const all = new Headers(extra);
  all.set(CONSOLE_HEADER, "1");
  if (project) all.set("OpenAI-Project", project);
  return all;
}

interface Options {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** Sends a request and returns the response, whatever its type; errors are thrown. */
export async function request(method: string, path: string, options: Options = {}): Promise<Response> {
  const all = headers(options.headers);
  let body: BodyInit | undefined;
  if (options.body instanceof FormData) body = options.body;
  else if (options.body !== undefined) {
    all.set("Content-Type", "application/json");
    body = JSON.stringify(options.body);
  }
  let response: Response;
  try {
    response = await fetch(withQuery(path, options.query), {
      method,
      headers: all,
      body,
      signal: options.signal,
      credentials: "same-origin",
    });
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new ApiError(0, "The server cannot be reached. Check that it runs, then try again.");
  }
  if (!response.ok) throw await failure(response);
  return response;
}

async function failure(response: Response): Promise<ApiError> {
  const text = await response.text();
  let error: { message?: string; code?: string; param?: string } = {};
  try {
    error = JSON.parse(text).error ?? {};
  } catch {
    // Not an answer of the API, such as that of a proxy.
  }
  if (response.status === 401) onSignedOut();
  const message = error.message || `The server answered with status ${response.status}.`;
  return new ApiError(response.status, message, error.code ?? null, error.param ?? null);
}

async function json<T>(method: string, path: string, options?: Options): Promise<T> {
  return (await (await request(method, path, options)).json()) as T;
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  json<T>("GET", path, { query, signal });

export const post = <T>(path: string, body: unknown = {}, signal?: AbortSignal): Promise<T> =>
  json<T>("POST", path, { body, signal });

export const del = <T>(path: string): Promise<T> => json<T>("DELETE", path);

/** All elements of a list, up to a bound. */
export async function all<T>(path: string, query: Query = {}, bound = 500): Promise<T[]> {
  const found: T[] = [];
  let after: string | null = null;
  do {
    const page: Page<T> = await get<Page<T>>(path, { limit: 100, ...query, after });
    found.push(...page.data);
    after = page.has_more ? page.last_id : null;
  } while (after && found.length < bound);
  return found;
}

/** Saves the content of a path as a file. */
export async function download(path: string, name: string): Promise<void> {
  const response = await request("GET", path);
  saveAs(await response.blob(), name);
}

export function saveAs(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Sends a form and reports how much of it has been sent, from 0 to 1. */
export function upload<T>(path: string, form: FormData, progress: (share: number) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const sent = new XMLHttpRequest();
    sent.open("POST", path);
    headers().forEach((value, name) => sent.setRequestHeader(name, value));
    sent.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    sent.onerror = () => reject(new ApiError(0, "The connection was lost during the upload."));
    sent.onload = () => {
      let answer: { error?: { message?: string } } = {};
      try {
        answer = JSON.parse(sent.responseText);
      } catch {
        // reported below
      }
      if (sent.status >= 200 && sent.status < 300) resolve(answer as T);
      else reject(new ApiError(sent.status, answer.error?.message ?? `The server answered with status ${sent.status}.`));
    };
    sent.send(form);
  });
}
