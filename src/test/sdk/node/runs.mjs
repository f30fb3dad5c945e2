import assert from "node:assert/strict";
import { calls, client, connect } from "./sdk.mjs";
import {
  MODEL,
  assistant,
  collect,
  conversation,
  lastText,
  messages,
  runs,
  textOf,
  threads,
  weather,
} from "./stage.mjs";

export default {
  "createAndPoll answers quickly, with all that a completed run has": async () => {
    const { assistant, thread } = await conversation("/say All is well.", { name: "n" });
    const began = Date.now();

    const run = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });

    assert.ok(Date.now() - began < 4_000, "the server tells the helper to poll soon");
    assert.equal(run.status, "completed");
    assert.match(run.id, /^run_/);
    assert.equal(run.thread_id, thread.id);
    assert.equal(run.assistant_id, assistant.id);
    assert.equal(run.model, MODEL);
    assert.ok(run.started_at >= run.created_at && run.completed_at >= run.started_at);
    assert.ok(run.usage.prompt_tokens > 0 && run.usage.completion_tokens > 0);
    assert.equal(run.usage.total_tokens, run.usage.prompt_tokens + run.usage.completion_tokens);
    for (const field of [
      "required_action",
      "last_error",
      "cancelled_at",
      "failed_at",
      "incomplete_details",
      "max_prompt_tokens",
      "max_completion_tokens",
      "expires_at",
    ]) {
      assert.equal(run[field], null, `${field} of a completed run is null`);
    }
    assert.deepEqual(run.truncation_strategy, { type: "auto", last_messages: null });
    assert.deepEqual([run.tool_choice, run.response_format], ["auto", "auto"]);
    assert.equal(run.parallel_tool_calls, true);
    assert.equal(await lastText(thread.id), "All is well.");
  },

  "the answer is a message of the run's assistant and run": async () => {
    const { assistant, thread } = await conversation("/say Mine.");
    const run = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });

    const ofRun = await messages.list(thread.id, { run_id: run.id });

    assert.equal(ofRun.data.length, 1, "run_id picks the messages of a run");
    const [message] = ofRun.data;
    assert.deepEqual(
      [message.role, message.status, message.run_id, message.assistant_id],
      ["assistant", "completed", run.id, assistant.id],
    );
    assert.ok(message.completed_at >= message.created_at);
    assert.equal(message.incomplete_at, null);
  },

  "a run just created is queued, and can be polled to its end": async () => {
    const { assistant, thread } = await conversation("/say Later.");

    const run = await runs.create(thread.id, { assistant_id: assistant.id });
    const done = await calls.poll(thread.id, run.id);

    assert.equal(run.status, "queued");
    assert.ok(run.expires_at > run.created_at);
    assert.equal(run.usage, null);
    assert.equal(done.status, "completed");
  },

  "polls ask with an interval that the server sets": async () => {
    const { assistant, thread } = await conversation("/slow 20\n/long 20");
    const run = await runs.create(thread.id, { assistant_id: assistant.id });

    const { response } = await (calls.run(thread.id, run.id).withResponse());

    const wait = Number(response.headers.get("openai-poll-after-ms"));
    assert.ok(wait > 0 && wait <= 1_000, `openai-poll-after-ms is ${wait}`);
    await calls.poll(thread.id, run.id);
  },

  "a run echoes what it overrides": async () => {
    const { assistant, thread } = await conversation("/say x", { tools: [], temperature: 0.1 });

    const run = await runs.createAndPoll(thread.id, {
      assistant_id: assistant.id,
      model: "rehearsal@2026-01-01",
      instructions: "Other",
      additional_instructions: "and more",
      tools: [weather],
      metadata: { trace: "t1" },
      temperature: 1.5,
      top_p: 0.5,
      max_prompt_tokens: 5000,
      max_completion_tokens: 600,
      truncation_strategy: { type: "last_messages", last_messages: 3 },
      tool_choice: "none",
      parallel_tool_calls: false,
      response_format: { type: "text" },
    });

    assert.equal(run.status, "completed");
    assert.equal(run.model, "rehearsal@2026-01-01");
    assert.ok(run.instructions.startsWith("Other") && run.instructions.endsWith("and more"));
    assert.equal(run.tools[0].function.name, "get_weather");
    assert.deepEqual(run.metadata, { trace: "t1" });
    assert.deepEqual([run.temperature, run.top_p], [1.5, 0.5]);
    assert.deepEqual([run.max_prompt_tokens, run.max_completion_tokens], [5000, 600]);
    assert.deepEqual(run.truncation_strategy, { type: "last_messages", last_messages: 3 });
    assert.deepEqual([run.tool_choice, run.parallel_tool_calls], ["none", false]);
    assert.deepEqual(run.response_format, { type: "text" });
  },

  "additional messages come before the answer": async () => {
    const { assistant, thread } = await conversation("/say first");

    await runs.createAndPoll(thread.id, {
      assistant_id: assistant.id,
      additional_messages: [{ role: "user", content: "/say second" }],
    });

    const read = await collect(messages.list(thread.id, { order: "asc" }));
    assert.deepEqual(read.map(textOf), ["/say first", "/say second", "second"]);
  },

  "a run's metadata can be changed after its end": async () => {
    const { assistant, thread } = await conversation("/say x");
    const run = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });

    const changed = await calls.updateRun(thread.id, run.id, { metadata: { seen: "yes" } });

    assert.deepEqual(changed, { ...run, metadata: { seen: "yes" } });
  },

  "runs and their steps are listed": async () => {
    const { assistant, thread } = await conversation("/say x");
    const first = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });
    const second = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });

    const listed = await collect(runs.list(thread.id, { limit: 1 }));
    const steps = await collect(calls.steps(thread.id, first.id));

    assert.deepEqual(listed.map((run) => run.id), [second.id, first.id]);
    assert.equal(steps.length, 1);
    const [step] = steps;
    assert.deepEqual(
      [step.object, step.type, step.status, step.run_id, step.thread_id, step.assistant_id],
      ["thread.run.step", "message_creation", "completed", first.id, thread.id, assistant.id],
    );
    const message = await calls.message(thread.id, step.step_details.message_creation.message_id);
    assert.equal(textOf(message), "x");
    assert.deepEqual(step.usage, first.usage);
    assert.deepEqual(await calls.step(thread.id, first.id, step.id), step);
  },

  "createAndRunPoll makes thread and run in one": async () => {
    const made = await assistant({ instructions: "i" });

    const run = await threads.createAndRunPoll({
      assistant_id: made.id,
      thread: { messages: [{ role: "user", content: "/say both" }], metadata: { from: "run" } },
    });

    assert.equal(run.status, "completed");
    assert.equal(await lastText(run.thread_id), "both");
    assert.deepEqual((await threads.retrieve(run.thread_id)).metadata, { from: "run" });
  },

  "a model that fails fails the run and says why": async () => {
    const { assistant, thread } = await conversation("/fail");

    const run = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });

    assert.equal(run.status, "failed");
    assert.equal(run.last_error.code, "server_error");
    assert.ok(run.last_error.message.length > 0);
    assert.ok(run.failed_at >= run.created_at);
    assert.equal(run.completed_at, null);
  },

  "a model that is busy fails the run as rate limited, and the thread is free again": async () => {
    const { assistant, thread } = await conversation("/fail rate_limited");

    const run = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });
    await messages.create(thread.id, { role: "user", content: "/say again" });
    const next = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });

    assert.deepEqual([run.status, run.last_error.code], ["failed", "rate_limit_exceeded"]);
    assert.equal(next.status, "completed");
  },

  "max_completion_tokens leaves the run incomplete and the message cut": async () => {
    const { assistant, thread } = await conversation("/long 2000");

    const run = await runs.createAndPoll(thread.id, {
      assistant_id: assistant.id,
      max_completion_tokens: 256,
    });

    assert.equal(run.status, "incomplete");
    assert.deepEqual(run.incomplete_details, { reason: "max_completion_tokens" });
    assert.ok(run.usage.completion_tokens > 0 && run.usage.completion_tokens <= 256);
    const [message] = (await messages.list(thread.id)).data;
    assert.equal(message.status, "incomplete");
    assert.deepEqual(message.incomplete_details, { reason: "max_tokens" });
    assert.ok(textOf(message).startsWith("word1 word2"));
  },

  "max_prompt_tokens that not even the newest message fits in leaves the run incomplete": async () => {
    const { assistant, thread } = await conversation("word ".repeat(3_000));

    const run = await runs.createAndPoll(thread.id, {
      assistant_id: assistant.id,
      max_prompt_tokens: 256,
    });

    assert.equal(run.status, "incomplete");
    assert.deepEqual(run.incomplete_details, { reason: "max_prompt_tokens" });
  },

  "the same API answers under its other names": async () => {
    for (const path of ["/v2", "/v26", "/v26/private/acme"]) {
      const other = connect({ path });
      const made = await other.beta.assistants.create({ model: MODEL, name: path });
      const run = await other.beta.threads.createAndRunPoll({
        assistant_id: made.id,
        thread: { messages: [{ role: "user", content: "/say there" }] },
      });
      const stream = other.beta.threads.runs.stream(run.thread_id, { assistant_id: made.id });

      assert.equal((await client.beta.assistants.retrieve(made.id)).name, path);
      assert.equal(run.status, "completed", path);
      assert.equal((await stream.finalRun()).status, "completed", path);
    }
  },
};
