# The tutorial with the official SDK of Python: pip install openai
import json
import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("THREADMILL_URL", "http://127.0.0.1:8080") + "/v1",
    api_key=os.environ["THREADMILL_API_KEY"],
)

# 1. A file, in a vector store that searches it.
handbook = client.files.create(
    file=("handbook.txt", b"The office in Ulm opens at half past eight. Bring your badge."), purpose="assistants"
)
store = client.vector_stores.create(name="Handbook")
client.vector_stores.files.create_and_poll(vector_store_id=store.id, file_id=handbook.id)

# 2. An assistant that searches the file and calls a function of ours.
assistant = client.beta.assistants.create(
    model=os.environ.get("MODEL", "rehearsal"),
    instructions="Answer from the handbook. Report the weather when it is asked for.",
    tools=[
        {"type": "file_search"},
        {
            "type": "function",
            "function": {
                "name": "get_weather",
                "description": "The weather in a city",
                "parameters": {
                    "type": "object",
                    "properties": {"city": {"type": "string"}},
                    "required": ["city"],
                },
            },
        },
    ],
    tool_resources={"file_search": {"vector_store_ids": [store.id]}},
)

# 3. A thread with a question. The second line is for the rehearsal model, which calls what it is told to.
thread = client.beta.threads.create(
    messages=[
        {
            "role": "user",
            "content": "When does the office in Ulm open, and do I need an umbrella?\n"
            'call file_search {"queries": ["office opens"]} then call get_weather {"city": "Ulm"}',
        }
    ]
)

# 4. A run. It waits for the function, which is ours.
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
while run.status == "requires_action":
    outputs = []
    for call in run.required_action.submit_tool_outputs.tool_calls:
        city = json.loads(call.function.arguments)["city"]
        outputs.append({"tool_call_id": call.id, "output": f"rain in {city}, 9 degrees"})
    run = client.beta.threads.runs.submit_tool_outputs_and_poll(
        thread_id=thread.id, run_id=run.id, tool_outputs=outputs
    )

# 5. The answer, and what was done for it.
print("status:", run.status)
for step in client.beta.threads.runs.steps.list(thread_id=thread.id, run_id=run.id, order="asc"):
    print("step:", step.type, [call.type for call in getattr(step.step_details, "tool_calls", None) or []])
answer = client.beta.threads.messages.list(thread_id=thread.id, limit=1).data[0]
print("answer:", answer.content[0].text.value)
