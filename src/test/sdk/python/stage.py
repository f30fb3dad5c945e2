"""The setup of most scenarios, and helpers to check the results."""

import os
import time

import openai

BASE = os.environ.get("THREADMILL_URL", "http://localhost:8080") + "/v1"
KEY = os.environ["THREADMILL_API_KEY"]
MODEL = "rehearsal"  # the offline model, which follows commands in the user's text
VERSION = openai.__version__

# Strict: a response that does not match the SDK's models is an error.
client = openai.OpenAI(
    base_url=BASE, api_key=KEY, timeout=30, _strict_response_validation=True
)
assistants = client.beta.assistants
threads = client.beta.threads
messages = client.beta.threads.messages
runs = client.beta.threads.runs


def fn(name, **properties):
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": f"The {name} tool",
            "parameters": {"type": "object", "properties": properties},
        },
    }


TOOLS = [fn("get_weather", city={"type": "string"}), fn("get_time", zone={"type": "string"})]
TWO_CALLS = 'call get_weather {"city": "Ulm"} and call get_time {"zone": "Europe/Berlin"}'

BEGIN = ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]
MESSAGE = [
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.message.created",
    "thread.message.in_progress",
    "thread.message.delta",
    "thread.message.completed",
    "thread.run.step.completed",
]


def conversation(text, **more):
    """An assistant, and a thread with one user message."""
    assistant = assistants.create(model=MODEL, **more)
    thread = threads.create(messages=[{"role": "user", "content": text}])
    return assistant, thread


def waiting():
    """A run that waits for the results of two parallel calls, and those calls."""
    assistant, thread = conversation(TWO_CALLS, tools=TOOLS)
    run = runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.status == "requires_action", run.status
    return thread, run, run.required_action.submit_tool_outputs.tool_calls


def outputs(calls):
    results = {"get_weather": "rain", "get_time": "noon"}
    return [{"tool_call_id": call.id, "output": results[call.function.name]} for call in calls]


def last_text(thread):
    return text_of(messages.list(thread.id, limit=1).data[0])


def text_of(message):
    return "".join(part.text.value for part in message.content if part.type == "text")


def names_of(events):
    """The names of the events; consecutive equal names count once."""
    names = [each.event for each in events]
    return [name for i, name in enumerate(names) if i == 0 or name != names[i - 1]]


def until(thread, run, *statuses):
    """Waits until a run is in one of these statuses."""
    deadline = time.monotonic() + 20
    while True:
        now = runs.retrieve(run.id, thread_id=thread.id)
        if now.status in statuses:
            return now
        assert time.monotonic() < deadline, f"the run is still {now.status}, not {statuses}"
        time.sleep(0.02)
