"""LangChain: its runnable for assistants, and its chat model."""

from common import BASE, KEY, MODEL, TOOL, done
from langchain_classic.agents.openai_assistant import OpenAIAssistantRunnable
from langchain_openai import ChatOpenAI
from openai import OpenAI

client = OpenAI(base_url=BASE, api_key=KEY)
assistant = OpenAIAssistantRunnable.create_assistant(
    name="Reporter", instructions="You report the weather.", tools=[TOOL], model=MODEL, client=client
)

[message] = assistant.invoke({"content": "/say All is well."})
assert message.content[0].text.value == "All is well.", message

agent = OpenAIAssistantRunnable(assistant_id=assistant.assistant_id, client=client, as_agent=True)
[action] = agent.invoke({"content": 'call get_weather {"city": "Ulm"}'})
assert (action.tool, action.tool_input) == ("get_weather", {"city": "Ulm"}), action
finish = agent.invoke(
    {
        "thread_id": action.thread_id,
        "run_id": action.run_id,
        "tool_outputs": [{"tool_call_id": action.tool_call_id, "output": "sunny"}],
    }
)
assert "sunny" in finish.return_values["output"], finish

chat = ChatOpenAI(base_url=BASE, api_key=KEY, model=MODEL)
assert chat.invoke("/say Hello.").content == "Hello."
assert "".join(chunk.content for chunk in chat.stream("/say Bit by bit.")) == "Bit by bit."
[called] = chat.bind_tools([TOOL]).invoke('call get_weather {"city": "Ulm"}').tool_calls
assert (called["name"], called["args"]) == ("get_weather", {"city": "Ulm"})

done("langchain-classic", "langchain-openai")
