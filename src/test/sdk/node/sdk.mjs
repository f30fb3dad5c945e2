// The SDK version that this process uses, and the calls that differ between versions: 4.x takes
// (threadId, runId), 5.x and later (runId, { thread_id }).

export const major = Number(process.env.SDK_MAJOR ?? process.argv[2] ?? 7);
export const baseUrl = process.env.THREADMILL_URL ?? "http://localhost:8080";
export const apiKey = process.env.THREADMILL_API_KEY;

const module = await import(`openai${major}`);
export const OpenAI = module.default;
const plainFetch = major === 4 ? (await import("node-fetch")).default : globalThis.fetch;

/** Method, path and status of every response in this process. */
export const answers = [];

/** A client of the SDK under test; `client.sent` lists its requests. */
export function connect({ path = "/v1", ...options } = {}) {
  const sent = [];
  const counting = async (url, init) => {
    const request = {
      method: init?.method ?? "GET",
      path: new URL(url).pathname,
      headers: Object.fromEntries(new Headers(init?.headers)),
    };
    sent.push(request);
    const answer = await plainFetch(url, init);
    answers.push({ method: request.method, path: request.path, status: answer.status });
    return answer;
  };
  const client = new OpenAI({
    baseURL: baseUrl + path,
    apiKey,
    timeout: 30_000,
    fetch: counting,
    ...options,
  });
  client.sent = sent;
  return client;
}

export const client = connect();

/** The calls of a client whose arguments differ between versions. */
export function callsOf(client) {
  const { threads, assistants } = client.beta;
  const old = major === 4;
  const { runs, messages } = threads;
  return {
    deleteAssistant: (id) => (old ? assistants.del(id) : assistants.delete(id)),
    deleteThread: (id) => (old ? threads.del(id) : threads.delete(id)),
    message: (thread, id) =>
      old ? messages.retrieve(thread, id) : messages.retrieve(id, { thread_id: thread }),
    updateMessage: (thread, id, body) =>
      old ? messages.update(thread, id, body) : messages.update(id, { thread_id: thread, ...body }),
    deleteMessage: (thread, id) =>
      old ? messages.del(thread, id) : messages.delete(id, { thread_id: thread }),
    run: (thread, id) => (old ? runs.retrieve(thread, id) : runs.retrieve(id, { thread_id: thread })),
    updateRun: (thread, id, body) =>
      old ? runs.update(thread, id, body) : runs.update(id, { thread_id: thread, ...body }),
    cancel: (thread, id) => (old ? runs.cancel(thread, id) : runs.cancel(id, { thread_id: thread })),
    poll: (thread, id, options) =>
      old ? runs.poll(thread, id, options) : runs.poll(id, { thread_id: thread }, options),
    submit: (thread, id, body) =>
      old
        ? runs.submitToolOutputs(thread, id, body)
        : runs.submitToolOutputs(id, { thread_id: thread, ...body }),
    submitAndPoll: (thread, id, body) =>
      old
        ? runs.submitToolOutputsAndPoll(thread, id, body)
        : runs.submitToolOutputsAndPoll(id, { thread_id: thread, ...body }),
    submitAndStream: (thread, id, body) =>
      old
        ? runs.submitToolOutputsStream(thread, id, body)
        : runs.submitToolOutputsStream(id, { thread_id: thread, ...body }),
    steps: (thread, run, query = {}) =>
      old ? runs.steps.list(thread, run, query) : runs.steps.list(run, { thread_id: thread, ...query }),
    step: (thread, run, id) =>
      old
        ? runs.steps.retrieve(thread, run, id)
        : runs.steps.retrieve(id, { thread_id: thread, run_id: run }),
  };
}

export const calls = callsOf(client);

/** The request id of a failed request, as the server has logged it. */
export function requestIdOf(error) {
  return major === 4 ? error.request_id : error.requestID;
}
