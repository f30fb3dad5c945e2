// Azure's clients for Node, as they are: AzureOpenAI and @azure/openai-assistants.
// THREADMILL_URL is the address of the server, THREADMILL_API_KEY the key.

import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { AzureOpenAI } from "openai";
import { AssistantsClient, AzureKeyCredential } from "@azure/openai-assistants";

const endpoint = process.env.THREADMILL_URL ?? "http://localhost:8080";
const apiKey = process.env.THREADMILL_API_KEY;
const model = "rehearsal";

describe("AzureOpenAI", { timeout: 60_000 }, () => {
  const client = new AzureOpenAI({ endpoint, apiKey, apiVersion: "2024-05-01-preview" });

  it("polls a run to its end", async () => {
    const assistant = await client.beta.assistants.create({ model });
    const run = await client.beta.threads.createAndRunPoll({
      assistant_id: assistant.id,
      thread: { messages: [{ role: "user", content: "/say All is well." }] },
    });
    assert.equal(run.status, "completed");
    const messages = await client.beta.threads.messages.list(run.thread_id);
    assert.equal(messages.data[0].content[0].text.value, "All is well.");
  });

  it("streams a run", async () => {
    const assistant = await client.beta.assistants.create({ model });
    const thread = await client.beta.threads.create({
      messages: [{ role: "user", content: "/say one two three" }],
    });
    let text = "";
    const stream = client.beta.threads.runs
      .stream(thread.id, { assistant_id: assistant.id })
      .on("textDelta", (delta) => (text += delta.value ?? ""));
    await stream.finalRun();
    assert.equal(text, "one two three");
  });

  it("takes the deployment for the model of a chat completion", async () => {
    const deployed = new AzureOpenAI({
      endpoint,
      apiKey,
      apiVersion: "2024-10-21",
      deployment: model,
    });
    const answer = await deployed.chat.completions.create({
      model: "ignored",
      messages: [{ role: "user", content: "/say Hello." }],
    });
    assert.equal(answer.model, model);
    assert.equal(answer.choices[0].message.content, "Hello.");
  });
});

describe("@azure/openai-assistants", { timeout: 60_000 }, () => {
  const client = new AssistantsClient(endpoint, new AzureKeyCredential(apiKey), {
    allowInsecureConnection: true,
  });

  it("runs an assistant on a thread", async () => {
    const assistant = await client.createAssistant({ model, instructions: "Be brief." });
    const thread = await client.createThread();
    await client.createMessage(thread.id, "user", "/say All is well.");
    let run = await client.createRun(thread.id, { assistantId: assistant.id });
    while (run.status === "queued" || run.status === "in_progress") {
      await pause(50);
      run = await client.getRun(thread.id, run.id);
    }
    assert.equal(run.status, "completed");
    const messages = await client.listMessages(thread.id);
    assert.equal(messages.data[0].content[0].text.value, "All is well.");
    await client.deleteAssistant(assistant.id);
  });
});
