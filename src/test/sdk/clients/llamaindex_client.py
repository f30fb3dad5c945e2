"""LlamaIndex: its agent on the Assistants API."""

import os

from common import BASE, KEY, MODEL, done
from llama_index.agent.openai import OpenAIAssistantAgent
from llama_index.core.tools import FunctionTool
os.environ["OPENAI_BASE_URL"] = BASE


def get_weather(city: str) -> str:
    """Reports the weather of a city."""
    return f"sunny in {city}"


agent = OpenAIAssistantAgent.from_new(
    name="Reporter",
    instructions="You report the weather.",
    model=MODEL,
    openai_tools=[],
    tools=[FunctionTool.from_defaults(get_weather)],
    api_key=KEY,
    run_retrieve_sleep_time=0.05,
)

assert str(agent.chat("/say All is well.")) == "All is well."
assert "sunny in Ulm" in str(agent.chat('call get_weather {"city": "Ulm"}'))
assert len(agent.chat_history) == 4, agent.chat_history
agent.reset()
assert agent.chat_history == []

done("llama-index-agent-openai", "llama-index-core")
