// @ts-check

/**
 * What the backend of the page answers: a client token, where the server is, and which assistant
 * to run.
 * @typedef {{ value: string, expires_at: number, url: string, assistant_id: string }} Access
 */

/** @typedef {{ id: string | null, name: string, data: any }} ServerEvent */

/** A client of Threadmill for one user, with tokens that the backend of the page hands out. */
export class Threadmill {
  /** @type {Access | null} */
  #access = null;
  #backend;

  /** @param {string} backend the address that answers with an {@link Access} */
  constructor(backend) {
    this.#backend = backend;
  }

  /** @returns {Promise<Access>} */
  async #token() {
    const soon = Date.now() / 1000 + 10;
    if (this.#access === null || this.#access.expires_at < soon) {
      const answer = await fetch(this.#backend, { method: "POST" });
      if (!answer.ok) {
        throw new Error(`no token: ${answer.status}`);
      }
      this.#access = await answer.json();
    }
    return /** @type {Access} */ (this.#access);
  }

  /**
   * @param {string} path
   * @param {RequestInit & { headers?: Record<string, string> }} [init]
   */
  async request(path, init = {}) {
    for (let attempt = 1; ; attempt++) {
      const access = await this.#token();
      const answer = await fetch(access.url + path, {
        ...init,
        headers: {
          "Content-Type": "application/json",
          ...init.headers,
          Authorization: `Bearer ${access.value}`,
        },
      });
      if (answer.status === 401 && attempt === 1) {
        // Expired or revoked: the backend decides whether there is another one.
        this.#access = null;
        continue;
      }
      if (!answer.ok) {
        throw new Error((await answer.json()).error.message);
      }
      return answer;
    }
  }

  /**
   * @param {string} path
   * @param {unknown} [body]
   */
  async post(path, body = {}) {
    return (await this.request(path, { method: "POST", body: JSON.stringify(body) })).json();
  }

  /** Opens a thread of this user. */
  async createThread() {
    return this.post("/v1/threads");
  }

  /**
   * Adds a message and runs the assistant.
   * @param {string} thread
   * @param {string} text
   */
  async send(thread, text) {
    await this.post(`/v1/threads/${thread}/messages`, { role: "user", content: text });
    const { assistant_id } = await this.#token();
    return this.post(`/v1/threads/${thread}/runs`, { assistant_id });
  }

  /**
   * The events of a run, from its beginning to its end. When the connection is cut, the stream goes
   * on behind the last event that has arrived: nothing is lost, and nothing comes twice.
   * @param {string} thread
   * @param {string} run
   * @param {(state: "connected" | "cut") => void} [onState]
   * @returns {AsyncGenerator<ServerEvent>}
   */
  async *events(thread, run, onState = () => {}) {
    /** @type {string | null} */
    let last = null;
    for (let pause = 250; ; pause = Math.min(2 * pause, 5000)) {
      try {
        /** @type {Record<string, string>} */
        const headers = last === null ? {} : { "Last-Event-ID": last };
        const answer = await this.request(`/v1/threads/${thread}/runs/${run}/events`, { headers });
        onState("connected");
        for await (const event of parse(answer)) {
          if (event.name === "done") {
            return;
          }
          if (event.name === "error") {
            // The token has expired: the next request brings another one.
            this.#access = null;
            break;
          }
          last = event.id ?? last;
          pause = 250;
          yield event;
        }
      } catch (error) {
        if (!(error instanceof TypeError)) {
          throw error; // the server has refused, and would again
        }
      }
      onState("cut");
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }
}

/**
 * Reads server-sent events.
 * @param {Response} answer
 * @returns {AsyncGenerator<ServerEvent>}
 */
async function* parse(answer) {
  const body = /** @type {ReadableStream<Uint8Array>} */ (answer.body);
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  while (true) {
    const { value, done } = await reader.read();
    if (done) {
      return;
    }
    buffer += value;
    const frames = buffer.split("\n\n");
    buffer = /** @type {string} */ (frames.pop());
    for (const frame of frames) {
      /** @type {Record<string, string>} */
      const fields = {};
      for (const line of frame.split("\n")) {
        const colon = line.indexOf(": ");
        if (colon > 0) {
          fields[line.slice(0, colon)] = line.slice(colon + 2);
        }
      }
      if (fields.data !== undefined) {
        const isDone = fields.data === "[DONE]";
        yield {
          id: fields.id ?? null,
          name: fields.event ?? "message",
          data: isDone ? null : JSON.parse(fields.data),
        };
      }
    }
  }
}
