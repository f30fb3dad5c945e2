"""The Agents SDK: tools, hand-offs, typed output, chains and sessions; and the Open Responses schema."""

import asyncio
import os

os.environ["OPENAI_AGENTS_DISABLE_TRACING"] = "1"

from agents import (
    Agent,
    OpenAIConversationsSession,
    OpenAIResponsesModel,
    Runner,
    function_tool,
)
from common import BASE, KEY, MODEL, done
from openai import AsyncOpenAI
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

    raw = await client.responses.with_raw_response.create(model=MODEL, input="/say Hello.")
    ResponseResource.model_validate_json(raw.text)


asyncio.run(main())
done("openai-agents", "openai")
