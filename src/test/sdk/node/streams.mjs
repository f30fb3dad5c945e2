import assert from "node:assert/strict";
import { calls, major, OpenAI } from "./sdk.mjs";
import {
  assistant,
  collect,
  conversation,
  lastText,
  messages,
  namesOf,
  runs,
  textOf,
  threads,
  until,
  weather,
} from "./stage.mjs";

const BEGIN = ["thread.run.created", "thread.run.queued", "thread.run.in_progress"];
const MESSAGE = [
  "thread.run.step.created",
  "thread.run.step.in_progress",
  "thread.message.created",
  "thread.message.in_progress",
  "thread.message.delta",
  "thread.message.completed",
  "thread.run.step.completed",
];

/** The calls of a helper's handlers, in order. */
function listenTo(stream) {
  const heard = [];
  const names = [
    "messageCreated",
    "messageDelta",
    "messageDone",
    "runStepCreated",
    "runStepDelta",
    "runStepDone",
    "textCreated",
    "textDelta",
    "textDone",
    "toolCallCreated",
    "toolCallDelta",
    "toolCallDone",
    "end",
    "error",
  ];
  for (const name of names) {
    stream.on(name, (...args) => heard.push({ name, args: structuredClone(args) }));
  }
  return heard;
}

const named = (heard, name) => heard.filter((each) => each.name === name);

export default {
  "a raw stream brings every event of a run, in order": async () => {
    const { assistant, thread } = await conversation("/say One two three.");

    const events = await collect(
      await runs.create(thread.id, { assistant_id: assistant.id, stream: true }),
    );

    assert.deepEqual(namesOf(events), [...BEGIN, ...MESSAGE, "thread.run.completed"]);
    const deltas = events.filter((each) => each.event === "thread.message.delta");
    assert.ok(deltas.length > 1, "the text comes in pieces");
    assert.equal(
      deltas.map((each) => each.data.delta.content[0].text.value).join(""),
      "One two three.",
    );
    assert.ok(deltas.every((each) => each.data.object === "thread.message.delta"));
    assert.ok(deltas.every((each) => each.data.delta.content[0].index === 0));
    const [created, queued, begun] = events.map((each) => each.data);
    assert.deepEqual([created.status, queued.status], ["queued", "queued"]);
    assert.equal(begun.status, "in_progress");
    assert.ok(begun.started_at >= begun.created_at);
    const last = events.at(-1).data;
    assert.equal(last.status, "completed");
    assert.ok(last.usage.total_tokens > 0);
    const step = events.find((each) => each.event === "thread.run.step.completed").data;
    assert.deepEqual(step.usage, last.usage);
    assert.deepEqual(last, await calls.run(thread.id, last.id), "the last event is the run");
  },

  "the helper's handlers hear text, message and step as they grow": async () => {
    const { assistant, thread } = await conversation("/say Bit by bit.");

    const stream = runs.stream(thread.id, { assistant_id: assistant.id });
    const heard = listenTo(stream);
    const run = await stream.finalRun();

    assert.equal(run.status, "completed");
    assert.deepEqual(named(heard, "error"), []);
    assert.equal(named(heard, "textCreated").length, 1);
    assert.equal(
      named(heard, "textDelta").map(({ args: [delta] }) => delta.value ?? "").join(""),
      "Bit by bit.",
    );
    assert.equal(named(heard, "textDelta").at(-1).args[1].value, "Bit by bit.", "the snapshot");
    assert.equal(named(heard, "textDone")[0].args[0].value, "Bit by bit.");
    assert.equal(named(heard, "messageCreated").length, 1);
    assert.deepEqual(named(heard, "messageCreated")[0].args[0].content, []);
    assert.equal(named(heard, "messageDone")[0].args[0].status, "completed");
    assert.equal(named(heard, "runStepCreated").length, 1);
    assert.equal(named(heard, "runStepDone").length, 1);
    assert.equal(heard.at(-1).name, "end");
  },

  "the helper folds the stream into what is stored": async () => {
    const { assistant, thread } = await conversation("/say Fold me.");

    const stream = runs.stream(thread.id, { assistant_id: assistant.id });
    const [run, told, steps] = [
      await stream.finalRun(),
      await stream.finalMessages(),
      await stream.finalRunSteps(),
    ];

    const stored = await messages.list(thread.id, { run_id: run.id });
    if (major >= 7) {
      assert.deepEqual(told, stored.data);
    } else {
      // The older helpers keep the message as it was before its last event.
      assert.deepEqual(told.map((each) => each.id), stored.data.map((each) => each.id));
      assert.deepEqual(told.map(textOf), stored.data.map(textOf));
    }
    assert.deepEqual(steps, await collect(calls.steps(thread.id, run.id)));
    assert.deepEqual(run, await calls.run(thread.id, run.id));
  },

  "the helper folds what the model thinks and says on the way into the steps": async () => {
    const { assistant, thread } = await conversation("/think Well, well.\n/say Here it is.");
    const { thread: other } = await conversation("/think Hm, hm.\n/say And here.");
    const { assistant: able } = await conversation("x", { tools: [weather] });

    for (const [where, who, types] of [
      [thread, assistant, ["message_creation"]],
      [other, able, ["tool_calls", "message_creation"]],
    ]) {
      const stream = runs.stream(where.id, { assistant_id: who.id, visibility: "final" });
      const heard = listenTo(stream);
      const [run, steps] = [await stream.finalRun(), await stream.finalRunSteps()];

      assert.equal(run.status, "completed");
      assert.deepEqual(named(heard, "error"), []);
      assert.deepEqual(steps.map((each) => each.type), types);
      const thought = named(heard, "runStepDelta").filter(({ args: [delta] }) => delta.reasoning);
      assert.ok(thought.length > 1, "reasoning comes in pieces");
      assert.equal(thought.at(-1).args[1].reasoning.text, steps[0].reasoning.text, "the snapshot");
      const stored = await collect(calls.steps(where.id, run.id));
      assert.deepEqual(steps, stored.reverse());
    }
    assert.equal(await lastText(other.id), "And here.");
  },

  "the helper can be read as an iterator": async () => {
    const { assistant, thread } = await conversation("/say a b c");

    const events = await collect(runs.stream(thread.id, { assistant_id: assistant.id }));

    assert.deepEqual(namesOf(events), [...BEGIN, ...MESSAGE, "thread.run.completed"]);
  },

  "createAndRunStream begins with the thread": async () => {
    const made = await assistant();

    const stream = threads.createAndRunStream({
      assistant_id: made.id,
      thread: { messages: [{ role: "user", content: "/say new" }] },
    });
    const events = await collect(stream);

    assert.deepEqual(namesOf(events), [
      "thread.created",
      ...BEGIN,
      ...MESSAGE,
      "thread.run.completed",
    ]);
    const thread = events[0].data;
    assert.equal(thread.object, "thread");
    assert.equal(await lastText(thread.id), "new");
  },

  "a stream passes through a readable stream to another helper": async () => {
    const { assistant, thread } = await conversation("/say through");
    const { AssistantStream } = await import(
      `openai${major}/lib/AssistantStream`
    );

    const bytes = runs.stream(thread.id, { assistant_id: assistant.id }).toReadableStream();
    const again = AssistantStream.fromReadableStream(bytes);

    assert.equal(textOf((await again.finalMessages())[0]), "through");
  },

  "a run that fails in the middle closes its message and ends the stream": async () => {
    const { assistant, thread } = await conversation("/fail server_error 0\n/long 5");
    await messages.create(thread.id, { role: "user", content: "/fail rate_limited 3\n/long 9" });

    const events = await collect(
      await runs.create(thread.id, { assistant_id: assistant.id, stream: true }),
    );

    assert.deepEqual(namesOf(events), [
      ...BEGIN,
      "thread.run.step.created",
      "thread.run.step.in_progress",
      "thread.message.created",
      "thread.message.in_progress",
      "thread.message.delta",
      "thread.message.incomplete",
      "thread.run.step.failed",
      "thread.run.failed",
    ]);
    const byName = Object.fromEntries(events.map((each) => [each.event, each.data]));
    assert.deepEqual(byName["thread.message.incomplete"].incomplete_details, {
      reason: "run_failed",
    });
    assert.equal(byName["thread.run.step.failed"].last_error.code, "rate_limit_exceeded");
    assert.equal(byName["thread.run.failed"].last_error.code, "rate_limit_exceeded");
  },

  "the helper gives a failed run as its final run": async () => {
    const { assistant, thread } = await conversation("/fail");

    const run = await runs.stream(thread.id, { assistant_id: assistant.id }).finalRun();

    assert.deepEqual([run.status, run.last_error.code], ["failed", "server_error"]);
  },

  "an incomplete run ends its stream as such": async () => {
    const { assistant, thread } = await conversation("/long 2000");

    // Raw, because the helper of 4.x does not know this terminal event.
    const stream = await runs.create(thread.id, {
      assistant_id: assistant.id,
      max_completion_tokens: 256,
      stream: true,
    });
    const names = namesOf(await collect(stream));

    assert.deepEqual(names.slice(-4), [
      "thread.message.delta",
      "thread.message.incomplete",
      "thread.run.step.completed",
      "thread.run.incomplete",
    ]);
  },

  "a client that hangs up does not stop the run": async () => {
    const { assistant, thread } = await conversation("/slow 20\n/long 40");

    const stream = runs.stream(thread.id, { assistant_id: assistant.id });
    const run = await new Promise((resolve, reject) => {
      stream.on("textDelta", () => resolve(stream.currentRun()));
      stream.on("error", reject);
    });
    const gone = stream.done().catch((error) => error);
    stream.abort();

    assert.ok((await gone) instanceof OpenAI.APIUserAbortError);
    const done = await until(thread.id, run.id, "completed", "failed", "cancelled");
    assert.equal(done.status, "completed");
    assert.match(await lastText(thread.id), /word40$/);
  },

  "many streams at once each bring their own run": async () => {
    const made = await assistant();
    const words = Array.from({ length: 12 }, (_, i) => `nr-${i} a b c d e f`);

    const told = await Promise.all(
      words.map(async (text) => {
        const stream = threads.createAndRunStream({
          assistant_id: made.id,
          thread: { messages: [{ role: "user", content: `/slow 5\n/say ${text}` }] },
        });
        return textOf((await stream.finalMessages())[0]);
      }),
    );

    assert.deepEqual(told, words);
  },
};
