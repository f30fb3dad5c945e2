import assert from "node:assert/strict";
import { calls } from "./sdk.mjs";
import {
  TWO_CALLS,
  assistant,
  collect,
  conversation,
  lastText,
  namesOf,
  outputs,
  refusal,
  runs,
  time,
  waiting,
  weather,
} from "./stage.mjs";

const BEGIN = ["thread.run.created", "thread.run.queued", "thread.run.in_progress"];
const CALLS = [
  "thread.run.step.created",
  "thread.run.step.in_progress",
  "thread.run.step.delta",
  "thread.run.requires_action",
];
const RESUMED = [
  "thread.run.step.completed",
  "thread.run.queued",
  "thread.run.in_progress",
  "thread.run.step.created",
  "thread.run.step.in_progress",
  "thread.message.created",
  "thread.message.in_progress",
  "thread.message.delta",
  "thread.message.completed",
  "thread.run.step.completed",
  "thread.run.completed",
];

export default {
  "a run that waits says for which calls": async () => {
    const { run, toolCalls } = await waiting();

    assert.equal(run.required_action.type, "submit_tool_outputs");
    assert.deepEqual(
      toolCalls.map((call) => [call.type, call.function.name, JSON.parse(call.function.arguments)]),
      [
        ["function", "get_weather", { city: "Ulm" }],
        ["function", "get_time", { zone: "Europe/Berlin" }],
      ],
    );
    assert.equal(new Set(toolCalls.map((call) => call.id)).size, 2);
    assert.ok(toolCalls.every((call) => call.id.startsWith("call_")));
  },

  "the results of parallel calls let the run go on to its answer": async () => {
    const { thread, run, toolCalls } = await waiting();

    const done = await calls.submitAndPoll(thread.id, run.id, { tool_outputs: outputs(toolCalls) });

    assert.equal(done.status, "completed");
    assert.equal(done.required_action, null);
    const text = await lastText(thread.id);
    assert.match(text, /get_weather answered: rain/);
    assert.match(text, /get_time answered: noon/);
    const steps = await collect(calls.steps(thread.id, run.id, { order: "asc" }));
    assert.deepEqual(steps.map((step) => [step.type, step.status]), [
      ["tool_calls", "completed"],
      ["message_creation", "completed"],
    ]);
    assert.deepEqual(
      steps[0].step_details.tool_calls.map((call) => [call.id, call.function.output]),
      toolCalls.map((call, i) => [call.id, ["rain", "noon"][i]]),
    );
    const spent = steps.map((step) => step.usage.total_tokens).reduce((a, b) => a + b);
    assert.equal(done.usage.total_tokens, spent, "the run's usage is that of its steps");
  },

  "submitted outputs are answered with a run that is queued": async () => {
    const { thread, run, toolCalls } = await waiting();

    const queued = await calls.submit(thread.id, run.id, { tool_outputs: outputs(toolCalls) });

    assert.deepEqual([queued.status, queued.required_action], ["queued", null]);
    assert.equal((await calls.poll(thread.id, run.id)).status, "completed");
  },

  "a raw stream shows the calls as they come and ends when the run waits": async () => {
    const { assistant, thread } = await conversation(TWO_CALLS, { tools: [weather, time] });

    const events = await collect(
      await runs.create(thread.id, { assistant_id: assistant.id, stream: true }),
    );

    assert.deepEqual(namesOf(events), [...BEGIN, ...CALLS]);
    const deltas = events
      .filter((each) => each.event === "thread.run.step.delta")
      .map((each) => each.data.delta.step_details.tool_calls[0]);
    const heads = deltas.filter((call) => call.id !== undefined);
    assert.deepEqual(
      heads.map((call) => [call.index, call.function.name, call.function.output]),
      [
        [0, "get_weather", null],
        [1, "get_time", null],
      ],
    );
    const argumentsOf = (index) =>
      deltas
        .filter((call) => call.index === index)
        .map((call) => call.function.arguments ?? "")
        .join("");
    const asked = events.at(-1).data.required_action.submit_tool_outputs.tool_calls;
    assert.deepEqual(asked.map((call) => call.id), heads.map((call) => call.id));
    assert.deepEqual(asked.map((call) => call.function.arguments), [argumentsOf(0), argumentsOf(1)]);
    const finished = await calls.submitAndPoll(thread.id, events[0].data.id, {
      tool_outputs: outputs(asked),
    });
    assert.equal(finished.status, "completed");
  },

  "a raw stream of submitted outputs goes on where the run waited": async () => {
    const { thread, run, toolCalls } = await waiting();

    const events = await collect(
      await calls.submit(thread.id, run.id, { tool_outputs: outputs(toolCalls), stream: true }),
    );

    assert.deepEqual(namesOf(events), RESUMED);
    assert.deepEqual(
      events[0].data.step_details.tool_calls.map((call) => call.function.output),
      ["rain", "noon"],
    );
  },

  "the helper drives a whole conversation with tools": async () => {
    const { assistant, thread } = await conversation(TWO_CALLS, { tools: [weather, time] });
    const heard = [];

    const first = runs.stream(thread.id, { assistant_id: assistant.id });
    first.on("toolCallCreated", (call) => heard.push(`created ${call.function.name}`));
    first.on("toolCallDone", (call) =>
      heard.push(`done ${call.function.name} ${call.function.arguments.replaceAll(" ", "")}`),
    );
    const asked = await first.finalRun();
    const toolCalls = asked.required_action.submit_tool_outputs.tool_calls;
    const second = calls.submitAndStream(thread.id, asked.id, { tool_outputs: outputs(toolCalls) });
    const done = await second.finalRun();

    assert.equal(asked.status, "requires_action");
    assert.equal(heard[0], "created get_weather");
    assert.ok(heard.includes('done get_weather {"city":"Ulm"}'), heard.join("; "));
    assert.ok(heard.includes("created get_time"), heard.join("; "));
    assert.equal(done.status, "completed");
    const told = await second.finalMessages();
    assert.match(told[0].content[0].text.value, /rain/);
  },

  "a run may ask for tools turn after turn": async () => {
    const { assistant, thread } = await conversation(
      'call get_weather {"city": "Ulm"} then call get_time {"zone": "UTC"}',
      { tools: [weather, time] },
    );
    const names = [];

    let run = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });
    while (run.status === "requires_action") {
      const toolCalls = run.required_action.submit_tool_outputs.tool_calls;
      names.push(...toolCalls.map((call) => call.function.name));
      run = await calls.submitAndPoll(thread.id, run.id, { tool_outputs: outputs(toolCalls) });
    }

    assert.equal(run.status, "completed");
    assert.deepEqual(names, ["get_weather", "get_time"]);
    const steps = await collect(calls.steps(thread.id, run.id, { order: "asc", limit: 1 }));
    assert.deepEqual(
      steps.map((step) => step.type),
      ["tool_calls", "tool_calls", "message_creation"],
    );
  },

  "parallel_tool_calls false makes one call at a time": async () => {
    const { assistant, thread } = await conversation(TWO_CALLS, { tools: [weather, time] });

    const run = await runs.createAndPoll(thread.id, {
      assistant_id: assistant.id,
      parallel_tool_calls: false,
    });

    assert.equal(run.required_action.submit_tool_outputs.tool_calls.length, 1);
    await calls.cancel(thread.id, run.id);
  },

  "a tool that must be called is called": async () => {
    const { assistant, thread } = await conversation("hello", { tools: [weather, time] });

    const run = await runs.createAndPoll(thread.id, {
      assistant_id: assistant.id,
      tool_choice: { type: "function", function: { name: "get_time" } },
    });

    assert.deepEqual(run.tool_choice, { type: "function", function: { name: "get_time" } });
    const [call] = run.required_action.submit_tool_outputs.tool_calls;
    assert.equal(call.function.name, "get_time");
    await calls.cancel(thread.id, run.id);
  },

  "outputs that are not exactly those waited for are refused, and the run goes on waiting": async () => {
    const { thread, run, toolCalls } = await waiting();
    const [first, second] = outputs(toolCalls);
    const wrong = {
      "one missing": [first],
      "one twice": [first, first, second],
      "one unknown": [first, { tool_call_id: "call_unknown", output: "x" }],
      "one too many": [first, second, { tool_call_id: "call_unknown", output: "x" }],
      "no id": [{ output: "x" }, second],
      none: [],
    };

    for (const [what, tool_outputs] of Object.entries(wrong)) {
      const error = await refusal(calls.submit(thread.id, run.id, { tool_outputs }));
      assert.equal(error.status, 400, what);
      assert.equal(error.type, "invalid_request_error", what);
      assert.match(error.param ?? "", /^tool_outputs/, what);
    }

    assert.deepEqual(await calls.run(thread.id, run.id), run, "nothing has happened to the run");
    const done = await calls.submitAndPoll(thread.id, run.id, { tool_outputs: [second, first] });
    assert.equal(done.status, "completed");
  },

  "a run that does not wait takes no outputs": async () => {
    const { thread, run, toolCalls } = await waiting();
    const tool_outputs = outputs(toolCalls);
    await calls.submitAndPoll(thread.id, run.id, { tool_outputs });

    const error = await refusal(calls.submit(thread.id, run.id, { tool_outputs }));

    assert.deepEqual([error.status, error.type], [400, "invalid_request_error"]);
  },

  "two submits of the same outputs at once: one goes through": async () => {
    const { thread, run, toolCalls } = await waiting();
    const tool_outputs = outputs(toolCalls);
    const submit = () => calls.submit(thread.id, run.id, { tool_outputs });

    const both = await Promise.allSettled([submit(), submit(), submit()]);

    assert.equal(both.filter((each) => each.status === "fulfilled").length, 1);
    assert.ok(both.every((each) => each.status === "fulfilled" || each.reason.status === 400));
    assert.equal((await calls.poll(thread.id, run.id)).status, "completed");
  },
};
