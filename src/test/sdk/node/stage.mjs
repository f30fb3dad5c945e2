// The setup of most scenarios, and helpers to check the results.

import assert from "node:assert/strict";
import { client, calls } from "./sdk.mjs";

/** The offline model, which follows commands in the user's text. */
export const MODEL = "rehearsal";

export const { assistants, threads } = client.beta;
export const { runs, messages } = threads;

export function fn(name, parameters = { type: "object", properties: {} }) {
  return { type: "function", function: { name, description: `The ${name} tool`, parameters } };
}

export const weather = fn("get_weather", {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
});
export const time = fn("get_time", {
  type: "object",
  properties: { zone: { type: "string" } },
  required: ["zone"],
});

export const TWO_CALLS =
  'call get_weather {"city": "Ulm"} and call get_time {"zone": "Europe/Berlin"}';

export function assistant(more = {}) {
  return assistants.create({ model: MODEL, ...more });
}

/** An assistant, and a thread with one user message. */
export async function conversation(text, more = {}) {
  const [made, thread] = await Promise.all([
    assistant(more),
    threads.create({ messages: [{ role: "user", content: text }] }),
  ]);
  return { assistant: made, thread };
}

/** A run that waits for the results of two parallel calls. */
export async function waiting() {
  const { assistant, thread } = await conversation(TWO_CALLS, { tools: [weather, time] });
  const run = await runs.createAndPoll(thread.id, { assistant_id: assistant.id });
  assert.equal(run.status, "requires_action", "a run whose model called functions waits for them");
  return { assistant, thread, run, toolCalls: run.required_action.submit_tool_outputs.tool_calls };
}

export function outputs(toolCalls) {
  return toolCalls.map((call) => ({
    tool_call_id: call.id,
    output: call.function.name === "get_weather" ? "rain" : "noon",
  }));
}

/** The text of the thread's newest message. */
export async function lastText(thread) {
  const page = await messages.list(thread, { limit: 1 });
  return textOf(page.data[0]);
}

export function textOf(message) {
  return message.content.map((part) => part.text?.value ?? "").join("");
}

export async function collect(iterable) {
  const all = [];
  for await (const each of iterable) {
    all.push(each);
  }
  return all;
}

/** The names of the events; consecutive equal names count once. */
export function namesOf(events) {
  return events.map((each) => each.event).filter((name, i, all) => name !== all[i - 1]);
}

/** The error of a rejected call. */
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail("the call went through, although it must be refused");
}

/** Waits until a run is in one of these statuses. */
export async function until(thread, run, ...statuses) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const now = await calls.run(thread, run);
    if (statuses.includes(now.status)) {
      return now;
    }
    assert.ok(Date.now() < deadline, `the run is still ${now.status}, not ${statuses}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
