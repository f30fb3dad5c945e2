import assert from "node:assert/strict";
import { OpenAI, calls, callsOf, connect, requestIdOf } from "./sdk.mjs";
import { MODEL, assistant, assistants, conversation, messages, refusal, runs, threads, waiting } from "./stage.mjs";

const NOBODY = "asst_0000000000000000000000000";

export default {
  "what does not exist is a NotFoundError with a request id": async () => {
    const error = await refusal(assistants.retrieve(NOBODY));

    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.type, "invalid_request_error");
    assert.match(error.message, new RegExp(`No assistant found with id '${NOBODY}'`));
    assert.ok(requestIdOf(error), "x-request-id is on errors too");
  },

  "an answer carries its request id": async () => {
    const { data, response } = await assistants.create({ model: MODEL }).withResponse();

    assert.ok(response.headers.get("x-request-id"));
    assert.equal(data._request_id ?? response.headers.get("x-request-id"), response.headers.get("x-request-id"));
  },

  "threads, messages, runs and steps that do not exist are not found": async () => {
    const { thread } = await conversation("x");
    const gone = "0000000000000000000000000";

    const errors = await Promise.all([
      refusal(threads.retrieve(`thread_${gone}`)),
      refusal(messages.list(`thread_${gone}`)),
      refusal(messages.create(`thread_${gone}`, { role: "user", content: "x" })),
      refusal(calls.message(thread.id, `msg_${gone}`)),
      refusal(calls.run(thread.id, `run_${gone}`)),
      refusal(calls.cancel(thread.id, `run_${gone}`)),
      refusal(calls.steps(thread.id, `run_${gone}`)),
      refusal(runs.create(thread.id, { assistant_id: NOBODY })),
      refusal(runs.list(`thread_${gone}`)),
    ]);

    assert.deepEqual(errors.map((error) => error.status), Array(errors.length).fill(404));
  },

  "a run of another thread is not found": async () => {
    const one = await conversation("/say x");
    const other = await conversation("/say x");
    const run = await runs.createAndPoll(one.thread.id, { assistant_id: one.assistant.id });

    assert.equal((await refusal(calls.run(other.thread.id, run.id))).status, 404);
  },

  "a wrong key is an AuthenticationError": async () => {
    const stranger = connect({ apiKey: "sk-wrong" });

    const error = await refusal(stranger.beta.assistants.list());

    assert.ok(error instanceof OpenAI.AuthenticationError);
    assert.equal(error.code, "invalid_api_key");
    assert.equal(stranger.sent.length, 1, "it is not retried");
  },

  "what is wrong in a request is named": async () => {
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, "v"]));
    const wrong = [
      ["model", { name: "x" }],
      ["name", { model: MODEL, name: "x".repeat(257) }],
      ["temperature", { model: MODEL, temperature: 3 }],
      ["tools[0].type", { model: MODEL, tools: [{ type: "nope" }] }],
      ["metadata", { model: MODEL, metadata: many }],
      ["metadata", { model: MODEL, metadata: { ["k".repeat(65)]: "v" } }],
      ["metadata", { model: MODEL, metadata: { k: "v".repeat(513) } }],
      ["flavour", { model: MODEL, flavour: "sweet" }],
    ];

    for (const [param, body] of wrong) {
      const error = await refusal(assistants.create(body));
      assert.ok(error instanceof OpenAI.BadRequestError, `${param}: ${error}`);
      assert.equal(error.type, "invalid_request_error");
      assert.ok(error.param.startsWith(param), `${error.param} instead of ${param}`);
      assert.ok(error.message.includes("400"), error.message);
    }
  },

  "a message needs a role and content": async () => {
    const thread = await threads.create();
    const wrong = [
      ["role", { content: "x" }],
      ["role", { role: "wizard", content: "x" }],
      ["content", { role: "user" }],
      ["content", { role: "user", content: [] }],
      ["content", { role: "user", content: [{ type: "smell", smell: "sweet" }] }],
    ];

    for (const [param, body] of wrong) {
      const error = await refusal(messages.create(thread.id, body));
      assert.equal(error.status, 400, JSON.stringify(body));
      assert.ok(error.param?.startsWith(param), `${error.param} instead of ${param}`);
    }
  },

  "a run's parameters are checked": async () => {
    const { assistant, thread } = await conversation("x");
    const wrong = [
      ["assistant_id", {}],
      ["max_completion_tokens", { max_completion_tokens: 255 }],
      ["max_prompt_tokens", { max_prompt_tokens: 1 }],
      ["truncation_strategy", { truncation_strategy: { type: "last_messages", last_messages: 0 } }],
      ["tool_choice", { tool_choice: "sometimes" }],
      ["include", { include: ["everything"] }],
    ];

    for (const [param, more] of wrong) {
      const body = param === "assistant_id" ? more : { assistant_id: assistant.id, ...more };
      const error = await refusal(runs.create(thread.id, body));
      assert.equal(error.status, 400, param);
      assert.ok(error.param?.startsWith(param), `${error.param} instead of ${param}`);
    }
    assert.deepEqual((await runs.list(thread.id)).data, [], "no run came of it");
  },

  "a stream that is refused is refused as an error, not as a stream": async () => {
    const { thread } = await conversation("x");

    const raw = await refusal(runs.create(thread.id, { assistant_id: NOBODY, stream: true }));
    const helper = await refusal(runs.stream(thread.id, { assistant_id: NOBODY }).finalRun());

    assert.ok(raw instanceof OpenAI.NotFoundError);
    assert.ok(helper instanceof OpenAI.NotFoundError);
  },

  "limits and cursors are checked": async () => {
    const wrong = [
      ["limit", { limit: 0 }],
      ["limit", { limit: 101 }],
      ["order", { order: "sideways" }],
    ];
    for (const [param, query] of wrong) {
      const error = await refusal(assistants.list(query));
      assert.deepEqual([error.status, error.param], [400, param]);
    }
  },

  "a thread with an active run is locked: 400 in the known words, without a retry": async () => {
    const { assistant, thread, run } = await waiting();
    const other = connect();

    const message = await refusal(
      other.beta.threads.messages.create(thread.id, { role: "user", content: "x" }),
    );
    const second = await refusal(
      other.beta.threads.runs.create(thread.id, { assistant_id: assistant.id }),
    );

    assert.ok(message instanceof OpenAI.BadRequestError);
    assert.ok(
      message.message.includes(`Can't add messages to ${thread.id} while a run ${run.id} is active.`),
      message.message,
    );
    assert.ok(second instanceof OpenAI.BadRequestError);
    assert.ok(
      second.message.includes(`Thread ${thread.id} already has an active run ${run.id}.`),
      second.message,
    );
    assert.deepEqual([second.type, second.param, second.code], ["invalid_request_error", null, null]);
    assert.equal(other.sent.length, 2, "neither was retried");
    await callsOf(other).cancel(thread.id, run.id);
  },

  "requests name themselves as the Assistants API of version 2": async () => {
    const other = connect();
    await other.beta.assistants.list();

    assert.equal(other.sent[0].headers["openai-beta"], "assistants=v2");
  },

  "a deleted assistant starts no run": async () => {
    const made = await assistant();
    const thread = await threads.create();
    await calls.deleteAssistant(made.id);

    const error = await refusal(runs.create(thread.id, { assistant_id: made.id }));

    assert.equal(error.status, 404);
  },
};
