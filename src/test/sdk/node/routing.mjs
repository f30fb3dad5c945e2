import assert from "node:assert/strict";
import { calls } from "./sdk.mjs";
import { assistant, collect, conversation, messages, runs, textOf, threads } from "./stage.mjs";

const ASK = 'call route_to_helper {"message": "/say yes"}';

/** An assistant that may route to a helper, and a thread whose message tells it to. */
async function desk(mode) {
  const helper = await assistant({ name: "Helper" });
  const made = await conversation(ASK, {
    tools: [{ type: "agent_routing", agent_routing: { targets: [helper.id], mode } }],
  });
  return { helper, ...made };
}

export default {
  "a run that asks another assistant is streamed and folded as it is stored": async () => {
    const { helper, assistant, thread } = await desk("delegate");

    const stream = runs.stream(thread.id, { assistant_id: assistant.id });
    const errors = [];
    const deltas = [];
    stream.on("error", (error) => errors.push(error));
    stream.on("runStepDelta", (delta) => deltas.push(structuredClone(delta)));
    const run = await stream.finalRun();

    assert.deepEqual(errors, []);
    assert.equal(run.status, "completed");
    const folded = (await stream.finalRunSteps())[0].step_details.tool_calls[0];
    const [stored] = (await collect(calls.steps(thread.id, run.id, { order: "asc" })))[0].step_details
      .tool_calls;
    for (const call of [folded, stored]) {
      assert.equal(call.type, "agent_routing");
      assert.equal(call.target_assistant_id, helper.id);
      assert.equal(call.function.name, "route_to_helper");
      assert.equal(call.function.output, "yes");
    }
    assert.equal(folded.run_id, stored.run_id);
    assert.equal(folded.thread_id, stored.thread_id);
    assert.ok(
      deltas.every(
        (delta) => delta.step_details.tool_calls?.[0].type === "agent_routing",
      ),
    );
    const below = await calls.run(stored.thread_id, stored.run_id);
    assert.deepEqual([below.status, below.parent_run_id], ["completed", run.id]);
  },

  "a run that hands over is streamed with the other one's answer": async () => {
    const { helper, assistant, thread } = await desk("handoff");

    const stream = runs.stream(thread.id, { assistant_id: assistant.id });
    const [message] = await stream.finalMessages();
    const run = await stream.finalRun();

    assert.equal(run.status, "completed");
    assert.deepEqual([textOf(message), message.assistant_id], ["yes", helper.id]);
    const page = await messages.list(thread.id, { limit: 1 });
    assert.deepEqual(page.data[0].id, message.id);
    const after = await threads.retrieve(thread.id);
    assert.equal(after.assistant_id, helper.id);
  },

  "a run that asks another assistant is polled until it ends": async () => {
    const { assistant, thread } = await desk("delegate");

    const run = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });

    assert.equal(run.status, "completed");
    assert.equal(run.required_action, null);
  },
};
