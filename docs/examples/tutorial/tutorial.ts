// The tutorial with the official SDK of Node: npm install openai
import OpenAI from "openai";

const client = new OpenAI({
  baseURL: (process.env.THREADMILL_URL ?? "http://127.0.0.1:8080") + "/v1",
  apiKey: process.env.THREADMILL_API_KEY,
});

// 1. A file, in a vector store that searches it.
const text = "The office in Ulm opens at half past eight. Bring your badge.";
const handbook = await client.files.create({
  file: new File([text], "handbook.txt"),
  purpose: "assistants",
});
const store = await client.vectorStores.create({ name: "Handbook" });
await client.vectorStores.files.createAndPoll(store.id, { file_id: handbook.id });

// 2. An assistant that searches the file and calls a function of ours.
const assistant = await client.beta.assistants.create({
  model: process.env.MODEL ?? "rehearsal",
  instructions: "Answer from the handbook. Report the weather when it is asked for.",
  tools: [
    { type: "file_search" },
    {
      type: "function",
      function: {
        name: "get_weather",
        description: "The weather in a city",
        parameters: {
          type: "object",
          properties: { city: { type: "string" } },
          required: ["city"],
        },
      },
    },
  ],
  tool_resources: { file_search: { vector_store_ids: [store.id] } },
});

// 3. A thread with a question. The second line is for the rehearsal model, which calls what it is told to.
const thread = await client.beta.threads.create({
  messages: [
    {
      role: "user",
      content:
        "When does the office in Ulm open, and do I need an umbrella?\n" +
        'call file_search {"queries": ["office opens"]} then call get_weather {"city": "Ulm"}',
    },
  ],
});

// 4. A run. It waits for the function, which is ours.
type Output = { tool_call_id: string; output: string };
let run = await client.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
while (run.status === "requires_action") {
  const outputs: Output[] = run.required_action!.submit_tool_outputs.tool_calls.map((call) => ({
    tool_call_id: call.id,
    output: `rain in ${JSON.parse(call.function.arguments).city}, 9 degrees`,
  }));
  run = await client.beta.threads.runs.submitToolOutputsAndPoll(run.id, {
    thread_id: thread.id,
    tool_outputs: outputs,
  });
}

// 5. The answer.
console.log("status:", run.status);
const messages = await client.beta.threads.messages.list(thread.id, { limit: 1 });
const part = messages.data[0].content[0];
console.log("answer:", part.type === "text" ? part.text.value : part.type);
