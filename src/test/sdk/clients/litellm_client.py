"""LiteLLM: its functions for assistants, and completions."""

import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # or the import fetches a list of prices

import litellm
from common import BASE, KEY, MODEL, TOOL, done

server = {"custom_llm_provider": "openai", "api_base": BASE, "api_key": KEY}

assistant = litellm.create_assistants(model=MODEL, instructions="Be brief.", **server)
assert assistant.id in [each.id for each in litellm.get_assistants(**server).data]
thread = litellm.create_thread(
    messages=[{"role": "user", "content": "/say All is well."}], **server
)
run = litellm.run_thread(thread_id=thread.id, assistant_id=assistant.id, **server)
assert run.status == "completed", run
[answer, _] = litellm.get_messages(thread_id=thread.id, **server).data
assert answer.content[0].text.value == "All is well.", answer
litellm.add_message(thread_id=thread.id, role="user", content="/say Once more.", **server)
with litellm.run_thread_stream(thread_id=thread.id, assistant_id=assistant.id, **server) as stream:
    stream.until_done()
newest = litellm.get_messages(thread_id=thread.id, **server).data[0]
assert newest.content[0].text.value == "Once more.", newest
assert litellm.delete_assistant(assistant_id=assistant.id, **server).deleted

chat = {"model": "openai/" + MODEL, "api_base": BASE, "api_key": KEY}
said = litellm.completion(messages=[{"role": "user", "content": "/say Hello."}], **chat)
assert said.choices[0].message.content == "Hello."
called = litellm.completion(
    messages=[{"role": "user", "content": 'call get_weather {"city": "Ulm"}'}], tools=[TOOL], **chat
)
assert called.choices[0].message.tool_calls[0].function.name == "get_weather"

done("litellm")
