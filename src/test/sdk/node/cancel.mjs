import assert from "node:assert/strict";
import { calls } from "./sdk.mjs";
import {
  collect,
  conversation,
  messages,
  namesOf,
  outputs,
  refusal,
  runs,
  textOf,
  until,
  waiting,
} from "./stage.mjs";

export default {
  "a streaming run that is cancelled ends its stream as cancelled": async () => {
    const { assistant, thread } = await conversation("/slow 25\n/long 2000");
    const events = [];
    let cancelling;

    const stream = await runs.create(thread.id, { assistant_id: assistant.id, stream: true });
    for await (const event of stream) {
      events.push(event);
      if (event.event === "thread.message.delta" && !cancelling) {
        cancelling = calls.cancel(thread.id, events[0].data.id);
      }
    }

    assert.equal((await cancelling).status, "cancelling");
    assert.deepEqual(namesOf(events).slice(-5), [
      "thread.message.delta",
      "thread.run.cancelling",
      "thread.message.incomplete",
      "thread.run.step.cancelled",
      "thread.run.cancelled",
    ]);
    const run = events.at(-1).data;
    assert.ok(run.cancelled_at >= run.created_at);
    const [message] = (await messages.list(thread.id)).data;
    assert.deepEqual(
      [message.status, message.incomplete_details],
      ["incomplete", { reason: "run_cancelled" }],
    );
    assert.match(textOf(message), /^word1/, "what was said stays");
    const told = events
      .filter((each) => each.event === "thread.message.delta")
      .map((each) => each.data.delta.content[0].text.value);
    assert.equal(told.join(""), textOf(message), "what was streamed is what is stored");
  },

  "a run that waits for its client can be cancelled, and its calls get a result": async () => {
    const { thread, run, toolCalls } = await waiting();

    const cancelling = await calls.cancel(thread.id, run.id);
    const cancelled = await until(thread.id, run.id, "cancelled");

    assert.equal(cancelling.status, "cancelling");
    assert.equal(cancelled.required_action, null);
    const [step] = await collect(calls.steps(thread.id, run.id));
    assert.equal(step.status, "cancelled");
    assert.ok(step.cancelled_at >= step.created_at);
    assert.ok(step.step_details.tool_calls.every((call) => typeof call.function.output === "string"));
    const late = await refusal(
      calls.submit(thread.id, run.id, { tool_outputs: outputs(toolCalls) }),
    );
    assert.equal(late.status, 400, "outputs that come too late are refused");
  },

  "a thread goes on after a run in it was cancelled": async () => {
    const { assistant, thread, run } = await waiting();
    await calls.cancel(thread.id, run.id);
    await until(thread.id, run.id, "cancelled");

    await messages.create(thread.id, { role: "user", content: "/say Go on." });
    const next = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });

    assert.equal(next.status, "completed");
    assert.equal(textOf((await messages.list(thread.id)).data[0]), "Go on.");
  },

  "a run that has ended cannot be cancelled": async () => {
    const { assistant, thread } = await conversation("/say x");
    const run = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });

    const error = await refusal(calls.cancel(thread.id, run.id));

    assert.deepEqual([error.status, error.type], [400, "invalid_request_error"]);
    assert.deepEqual(await calls.run(thread.id, run.id), run);
  },
};
