"""Responses and conversations, with the newest version of the SDK."""

import json
import unittest

import openai
from stage import MODEL, VERSION, client

TOOLS = [
    {
        "type": "function",
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        "strict": False,
    }
]


@unittest.skipUnless(VERSION.startswith("3."), "older versions lack some of the fields")
class Responses(unittest.TestCase):
    def test_a_whole_response(self):
        response = client.responses.create(model=MODEL, input="/say All is well.")
        self.assertEqual(response.output_text, "All is well.")
        self.assertEqual(client.responses.retrieve(response.id), response)
        items = client.responses.input_items.list(response.id).data
        self.assertEqual(items[0].content[0].text, "/say All is well.")
        client.responses.delete(response.id)
        with self.assertRaises(openai.NotFoundError):
            client.responses.retrieve(response.id)

    def test_a_stream_accumulates_to_what_is_stored_and_can_be_resumed(self):
        with client.responses.stream(model=MODEL, input="/say One two three.") as stream:
            types = [event.type for event in stream]
            final = stream.get_final_response()
        self.assertEqual(types[0], "response.created")
        self.assertEqual(types[-1], "response.completed")
        self.assertEqual(final.output_text, "One two three.")
        stored = client.responses.retrieve(final.id)
        self.assertEqual(stored.output_text, final.output_text)
        with client.responses.stream(response_id=final.id, starting_after=3) as again:
            numbers = [event.sequence_number for event in again]
        self.assertEqual(numbers[0], 4)
        raw = client.responses.retrieve(final.id, stream=True, starting_after=3)
        self.assertEqual([event.sequence_number for event in raw], numbers)

    def test_function_calls_in_a_chain(self):
        first = client.responses.create(
            model=MODEL, input='call get_weather {"city": "Ulm"}', tools=TOOLS
        )
        call = first.output[0]
        self.assertEqual((call.type, call.name), ("function_call", "get_weather"))
        second = client.responses.create(
            model=MODEL,
            previous_response_id=first.id,
            tools=TOOLS,
            input=[
                {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
            ],
        )
        self.assertIn("rain", second.output_text)

    def test_streamed_function_calls(self):
        with client.responses.stream(
            model=MODEL, input='call get_weather {"city": "Ulm"}', tools=TOOLS
        ) as stream:
            for _ in stream:
                pass
            final = stream.get_final_response()
        self.assertEqual(json.loads(final.output[0].arguments), {"city": "Ulm"})

    def test_conversations_and_their_items(self):
        conversation = client.conversations.create(
            items=[{"role": "user", "content": "Hello"}], metadata={"a": "b"}
        )
        response = client.responses.create(
            model=MODEL, conversation=conversation.id, input="/say Again."
        )
        self.assertEqual(response.conversation.id, conversation.id)
        items = list(client.conversations.items.list(conversation.id, limit=1, order="asc"))
        self.assertEqual([item.role for item in items], ["user", "user", "assistant"])
        added = client.conversations.items.create(
            conversation.id, items=[{"role": "user", "content": "More"}]
        )
        client.conversations.items.delete(added.data[0].id, conversation_id=conversation.id)
        client.conversations.update(conversation.id, metadata={"x": "y"})
        self.assertEqual(client.conversations.retrieve(conversation.id).metadata, {"x": "y"})
        self.assertTrue(client.conversations.delete(conversation.id).deleted)

    def test_background_tokens_and_compaction(self):
        response = client.responses.create(
            model=MODEL, input="/say Later.", background=True, stream=True
        )
        final = [event for event in response][-1]
        self.assertEqual(final.type, "response.completed")
        counted = client.responses.input_tokens.count(model=MODEL, input="one two three")
        self.assertGreater(counted.input_tokens, 2)
        compacted = client.responses.compact(model=MODEL, input="My name is Ada.")
        self.assertEqual(compacted.output[0].type, "compaction")
        after = client.responses.create(
            model=MODEL,
            input=[compacted.output[0].model_dump(exclude_none=True), {"role": "user", "content": "/say Hi."}],
        )
        self.assertEqual(after.output_text, "Hi.")
