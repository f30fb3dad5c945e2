"""AutoGen: its agent on the Assistants API, and its chat client."""

import asyncio

from autogen_agentchat.messages import TextMessage
from autogen_core import CancellationToken
from autogen_core.models import UserMessage
from autogen_core.tools import FunctionTool
from autogen_ext.agents.openai import OpenAIAssistantAgent
from autogen_ext.models.openai import OpenAIChatCompletionClient
from common import BASE, KEY, MODEL, done
from openai import AsyncOpenAI


def get_weather(city: str) -> str:
    return f"sunny in {city}"


async def main():
    agent = OpenAIAssistantAgent(
        name="reporter",
        description="Reports the weather",
        instructions="You report the weather.",
        client=AsyncOpenAI(base_url=BASE, api_key=KEY),
        model=MODEL,
        tools=[FunctionTool(get_weather, description="Reports the weather of a city.")],
    )
    ask = lambda text: agent.on_messages(
        [TextMessage(content=text, source="user")], CancellationToken()
    )
    assert (await ask("/say All is well.")).chat_message.content == "All is well."
    assert "sunny in Ulm" in (await ask('call get_weather {"city": "Ulm"}')).chat_message.content
    await agent.on_reset(CancellationToken())
    await agent.delete_assistant(CancellationToken())

    info = {
        "vision": False,
        "function_calling": True,
        "json_output": True,
        "structured_output": True,
        "family": "unknown",
    }
    chat = OpenAIChatCompletionClient(model=MODEL, base_url=BASE, api_key=KEY, model_info=info)
    said = await chat.create([UserMessage(content="/say Hello.", source="user")])
    assert said.content == "Hello.", said


asyncio.run(main())
done("autogen-ext", "autogen-agentchat")
