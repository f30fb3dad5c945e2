"""The Agents SDK: tools, hand-offs, typed output, chains, sessions, hosted tools; the Open Responses schema."""

import asyncio
import json
import os

os.environ["OPENAI_AGENTS_DISABLE_TRACING"] = "1"

from agents import (
    Agent,
    CodeInterpreterTool,
    CustomTool,
    FileSearchTool,
    HostedMCPTool,
    MCPToolApprovalFunctionResult,
    OpenAIConversationsSession,
    OpenAIResponsesCompactionSession,
    OpenAIResponsesModel,
    Runner,
    SQLiteSession,
    WebSearchTool,
    function_tool,
)
from common import BASE, KEY, MODEL, TOOL, done
from openai import AsyncOpenAI
import openresponses_types.types
from openresponses_types import ResponseResource
from pydantic import BaseModel

client = AsyncOpenAI(base_url=BASE, api_key=KEY)
model = OpenAIResponsesModel(model=MODEL, openai_client=client)


@function_tool
def get_weather(city: str) -> str:
    """Reports the weather of a city."""
    return f"sunny in {city}"


class Weather(BaseModel):
    city: str


async def main():
    reporter = Agent(name="reporter", model=model, tools=[get_weather])
    said = await Runner.run(reporter, 'call get_weather {"city": "Ulm"}')
    assert "sunny in Ulm" in said.final_output, said.final_output
    assert said.raw_responses[-1].usage.output_tokens > 0

    streamed = Runner.run_streamed(reporter, 'call get_weather {"city": "Bonn"}')
    async for _ in streamed.stream_events():
        pass
    assert "sunny in Bonn" in streamed.final_output, streamed.final_output

    chained = await Runner.run(reporter, "/say More.", previous_response_id=said.last_response_id)
    assert chained.final_output == "More.", chained.final_output

    poet = Agent(name="poet", model=model)
    triage = Agent(name="triage", model=model, handoffs=[poet])
    handed = await Runner.run(triage, "call transfer_to_poet {}")
    assert handed.last_agent.name == "poet", handed.last_agent

    typed = Agent(name="typed", model=model, output_type=Weather)
    weather = await Runner.run(typed, '/say {"city": "Ulm"}')
    assert weather.final_output == Weather(city="Ulm"), weather.final_output

    session = OpenAIConversationsSession(openai_client=client)
    await Runner.run(reporter, 'call get_weather {"city": "Rome"}', session=session)
    await Runner.run(reporter, "/say Bye.", session=session)
    types = [item.get("type", "message") for item in await session.get_items()]
    assert types == [
        "message",
        "function_call",
        "function_call_output",
        "message",
        "message",
        "message",
    ], types
    await session.clear_session()

    await compaction(reporter)
    await hosted_tools()
    await both_doors(reporter)

    raw = await client.responses.with_raw_response.create(model=MODEL, input="/say Hello.")
    ResponseResource.model_validate_json(raw.text)
    await fits_the_schema(input="/say One two.")
    await fits_the_schema(
        input='call get_weather {"city": "Ulm"}',
        tools=[{"type": "function", "strict": False, **TOOL["function"]}],
    )
    await fits_the_schema(input="/think Let me see. /say Done.", reasoning={"summary": "auto"})
    # The schema has another name for the events of reasoning that is no summary.
    thought = await client.responses.with_raw_response.create(
        model=MODEL, input="/think Let me see. /say Done."
    )
    ResponseResource.model_validate_json(thought.text)
    compacted = await client.responses.compact(model=MODEL, input="My name is Ada.")
    await fits_the_schema(
        input=[compacted.output[0].model_dump(exclude_none=True), {"role": "user", "content": "/say Hi."}],
        text={"verbosity": "low"},
        truncation="auto",
        metadata={"a": "b"},
    )
    with_summary = await client.responses.with_raw_response.create(
        model=MODEL,
        input=[
            {"role": "user", "content": "My name is Ada. " * 400},
            {"role": "assistant", "content": "Noted."},
            {"role": "user", "content": "/say Hi."},
        ],
        context_management=[{"type": "compaction", "compact_threshold": 1000}],
    )
    whole = ResponseResource.model_validate_json(with_summary.text)
    assert isinstance(whole.output[0], openresponses_types.types.CompactionBody), whole.output


async def compaction(reporter):
    """A session whose history the server compacts."""
    session = OpenAIResponsesCompactionSession(
        "s",
        SQLiteSession("s"),
        client=client,
        # The session refuses names of models that it does not know.
        model="gpt-4.1",
        should_trigger_compaction=lambda _: False,
    )
    await Runner.run(reporter, 'call get_weather {"city": "Pisa"}', session=session)
    session.model = MODEL
    await session.run_compaction({"force": True})
    items = await session.get_items()
    assert items[-1]["type"] == "compaction", items
    after = await Runner.run(reporter, "/say Still here.", session=session)
    assert after.final_output == "Still here.", after.final_output


async def hosted_tools():
    """The tools that the server runs, each of which the model calls."""
    store = await client.vector_stores.create(name="facts")
    file = await client.vector_stores.files.upload_and_poll(
        vector_store_id=store.id,
        file=("harbour.txt", b"The harbour of Kiel opens at seven."),
    )
    assert file.status == "completed", file
    label = {"type": "mcp", "server_label": "slow", "server_url": os.environ["MCP_URL"]}
    approvals = []

    def approve(request):
        approvals.append(request.data.name)
        return MCPToolApprovalFunctionResult(approve=True)

    async def upper(context, text):
        return text.upper()

    cases = [
        (
            FileSearchTool([store.id], include_search_results=True),
            'call file_search {"queries": ["harbour of Kiel"]}',
            "file_search_call",
            "opens at seven",
        ),
        (
            WebSearchTool(user_location={"type": "approximate", "city": "Graz"}),
            'call web_search {"query": "rain in Graz"}',
            "web_search_call",
            "rain in Graz",
        ),
        (
            HostedMCPTool({**label, "require_approval": "never"}),
            'call slow_echo {"text": "hello"}',
            "mcp_call",
            "you said hello",
        ),
        (
            HostedMCPTool({**label, "require_approval": "always"}, on_approval_request=approve),
            'call slow_echo {"text": "hello again"}',
            "mcp_call",
            "you said hello again",
        ),
        (
            CustomTool(
                name="shout", description="Shouts.", on_invoke_tool=upper, format={"type": "text"}
            ),
            'call shout {"input": "aloud"}',
            "custom_tool_call_output",
            "ALOUD",
        ),
    ]
    if os.environ["CODE"] == "true":
        code = CodeInterpreterTool({"type": "code_interpreter", "container": {"type": "auto"}})
        cases.append((code, 'call code_interpreter {"code": "print(6 * 7)"}', "code_interpreter_call", "6 * 7"))
    for tool, command, kind, text in cases:
        said = await Runner.run(Agent(name="worker", model=model, tools=[tool]), command)
        items = [to_dict(item.raw_item) for item in said.new_items]
        calls = [item for item in items if item.get("type") == kind]
        assert calls and text in json.dumps(calls), (kind, items)
    assert approvals == ["echo"], approvals


def to_dict(item):
    return item if isinstance(item, dict) else item.model_dump(mode="json")


# The events of the Open Responses schema, by their types.
EVENTS = {
    value.value: kind
    for name, kind in vars(openresponses_types.types).items()
    if name.endswith("StreamingEvent")
    for value in kind.model_fields["type"].annotation
}


async def fits_the_schema(**request):
    """Every event of a stream validates against the Open Responses schema."""
    types = []
    async with client.responses.with_streaming_response.create(
        model=MODEL, stream=True, **request
    ) as answer:
        async for line in answer.iter_lines():
            if line.startswith("data: "):
                event = json.loads(line[len("data: ") :])
                EVENTS[event["type"]].model_validate(event)
                types.append(event["type"])
    assert types[0] == "response.created" and types[-1] == "response.completed", types


async def both_doors(reporter):
    """A thread begins with the Assistants API, goes on with the Agents SDK, and comes back."""
    file = await client.files.create(
        file=("harbour.txt", b"The harbour of Kiel opens at seven."), purpose="user_data"
    )
    assistant = await client.beta.assistants.create(
        model=MODEL, tools=[TOOL, {"type": "file_search"}]
    )
    thread = await client.beta.threads.create(
        messages=[{"role": "user", "content": 'call get_weather {"city": "Oslo"}'}]
    )
    run = await client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=assistant.id
    )
    assert run.status == "requires_action", run.status
    waiting = run.required_action.submit_tool_outputs.tool_calls[0]

    conversation = thread.id.replace("thread_", "conv_")
    items = [item async for item in client.conversations.items.list(conversation, order="asc")]
    assert [item.type for item in items] == ["message", "function_call"], items
    assert items[1].call_id == waiting.id, (items[1], waiting)
    answered = await client.responses.create(
        model=MODEL,
        conversation=conversation,
        input=[{"type": "function_call_output", "call_id": waiting.id, "output": "fog"}],
    )
    assert "fog" in answered.output_text, answered.output_text
    run = await client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
    assert run.status == "completed", run.status

    went_on = await Runner.run(
        reporter, 'call get_weather {"city": "Bergen"}', conversation_id=conversation
    )
    assert "sunny in Bergen" in went_on.final_output, went_on.final_output
    await client.responses.create(
        model=MODEL,
        conversation=conversation,
        input=[
            {
                "role": "user",
                "content": [
                    {"type": "input_file", "file_id": file.id},
                    {"type": "input_text", "text": "/say I read it."},
                ],
            }
        ],
    )

    await client.beta.threads.messages.create(
        thread.id, role="user", content="/say Back again.",
        attachments=[{"file_id": file.id, "tools": [{"type": "file_search"}]}],
    )
    back = await client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=assistant.id
    )
    assert back.status == "completed", back
    said = []
    async for message in client.beta.threads.messages.list(thread.id, order="asc"):
        said.append("".join(part.text.value for part in message.content if part.type == "text"))
    assert said[-1] == "Back again.", said
    heard = [
        "".join(part.text for part in item.content if part.type in ("input_text", "output_text"))
        async for item in client.conversations.items.list(conversation, order="asc")
        if item.type == "message"
    ]
    assert heard == said, (heard, said)
    memory = await client.get(f"/threads/{thread.id}/memory?query=Bergen", cast_to=object)
    recalled = str(memory["vector_context"])
    assert "Bergen" in recalled, recalled


asyncio.run(main())
done("openai-agents", "openai")
