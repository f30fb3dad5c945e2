"""Runs streamed, by the helper with its handlers, raw, and with the asynchronous client."""

import asyncio
import unittest

import openai
from openai import AssistantEventHandler
from stage import (
    BASE,
    BEGIN,
    KEY,
    MESSAGE,
    MODEL,
    TOOLS,
    TWO_CALLS,
    assistants,
    conversation,
    messages,
    names_of,
    outputs,
    runs,
    text_of,
    threads,
    until,
    waiting,
)

RESUMED = ["thread.run.step.completed", "thread.run.queued", "thread.run.in_progress", *MESSAGE]


class Listener(AssistantEventHandler):
    def __init__(self):
        super().__init__()
        self.heard = []
        self.text = ""

    def on_message_created(self, message):
        self.heard.append("message_created")

    def on_text_created(self, text):
        self.heard.append("text_created")

    def on_text_delta(self, delta, snapshot):
        self.text += delta.value or ""

    def on_text_done(self, text):
        self.heard.append(f"text_done {text.value}")

    def on_message_done(self, message):
        self.heard.append(f"message_done {message.status}")

    def on_run_step_created(self, run_step):
        self.heard.append(f"run_step_created {run_step.type}")

    def on_run_step_done(self, run_step):
        self.heard.append(f"run_step_done {run_step.status}")

    def on_tool_call_created(self, tool_call):
        self.heard.append(f"tool_call_created {tool_call.function.name}")

    def on_tool_call_done(self, tool_call):
        self.heard.append(f"tool_call_done {tool_call.function.name}")

    def on_exception(self, exception):
        self.heard.append(f"exception {exception}")

    def on_end(self):
        self.heard.append("end")


class Streams(unittest.TestCase):
    def test_a_raw_stream_brings_every_event_in_order(self):
        assistant, thread = conversation("/say One two three.")

        events = list(runs.create(thread_id=thread.id, assistant_id=assistant.id, stream=True))

        self.assertEqual(names_of(events), [*BEGIN, *MESSAGE, "thread.run.completed"])
        deltas = [each.data for each in events if each.event == "thread.message.delta"]
        text = "".join(each.delta.content[0].text.value for each in deltas)
        self.assertEqual(text, "One two three.")
        self.assertEqual(events[-1].data, runs.retrieve(events[-1].data.id, thread_id=thread.id))

    def test_the_handlers_hear_text_message_and_step_as_they_grow(self):
        assistant, thread = conversation("/say Bit by bit.")
        listener = Listener()

        with runs.stream(
            thread_id=thread.id, assistant_id=assistant.id, event_handler=listener
        ) as stream:
            stream.until_done()

        self.assertEqual(listener.text, "Bit by bit.")
        self.assertEqual(
            listener.heard,
            [
                "run_step_created message_creation",
                "message_created",
                "text_created",
                "text_done Bit by bit.",
                "message_done completed",
                "run_step_done completed",
                "end",
            ],
        )
        run = listener.current_run
        self.assertEqual(run.status, "completed")

    def test_the_helper_folds_the_stream_into_what_is_stored(self):
        assistant, thread = conversation("/say Fold me.")

        with runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
            told = stream.get_final_messages()
            steps = stream.get_final_run_steps()
            run = stream.get_final_run()

        self.assertEqual(run, runs.retrieve(run.id, thread_id=thread.id))
        self.assertEqual(told, messages.list(thread.id, run_id=run.id).data)
        # The helper keeps a step as it was before its last event.
        stored = runs.steps.list(run.id, thread_id=thread.id).data
        self.assertEqual([step.id for step in steps], [step.id for step in stored])

    def test_create_and_run_stream_begins_with_the_thread(self):
        assistant = assistants.create(model=MODEL)

        with threads.create_and_run_stream(
            assistant_id=assistant.id,
            thread={"messages": [{"role": "user", "content": "/say new"}]},
        ) as stream:
            events = list(stream)

        self.assertEqual(
            names_of(events), ["thread.created", *BEGIN, *MESSAGE, "thread.run.completed"]
        )

    def test_calls_are_streamed_and_so_is_what_follows_their_results(self):
        assistant, thread = conversation(TWO_CALLS, tools=TOOLS)
        first, second = Listener(), Listener()

        with runs.stream(
            thread_id=thread.id, assistant_id=assistant.id, event_handler=first
        ) as stream:
            stream.until_done()
        run = first.current_run
        calls = run.required_action.submit_tool_outputs.tool_calls
        with runs.submit_tool_outputs_stream(
            thread_id=thread.id,
            run_id=run.id,
            tool_outputs=outputs(calls),
            event_handler=second,
        ) as stream:
            stream.until_done()

        self.assertEqual(run.status, "requires_action")
        self.assertIn("tool_call_created get_weather", first.heard)
        self.assertIn("tool_call_created get_time", first.heard)
        self.assertEqual([each for each in first.heard if each.startswith("exception")], [])
        self.assertIn("rain", second.text)
        self.assertEqual(second.current_run.status, "completed")

    def test_a_raw_stream_of_submitted_outputs_goes_on_where_the_run_waited(self):
        thread, run, calls = waiting()

        events = list(
            runs.submit_tool_outputs(
                run.id, thread_id=thread.id, tool_outputs=outputs(calls), stream=True
            )
        )

        self.assertEqual(names_of(events), [*RESUMED, "thread.run.completed"])

    def test_a_cancelled_stream_ends_as_cancelled(self):
        assistant, thread = conversation("/slow 25\n/long 2000")
        events = []

        for event in runs.create(thread_id=thread.id, assistant_id=assistant.id, stream=True):
            events.append(event)
            if event.event == "thread.message.delta" and len(events) == 8:
                runs.cancel(events[0].data.id, thread_id=thread.id)

        self.assertEqual(
            names_of(events)[-4:],
            [
                "thread.run.cancelling",
                "thread.message.incomplete",
                "thread.run.step.cancelled",
                "thread.run.cancelled",
            ],
        )

    def test_a_client_that_hangs_up_does_not_stop_the_run(self):
        assistant, thread = conversation("/slow 20\n/long 30")

        with runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
            for event in stream:
                if event.event == "thread.message.delta":
                    run = stream.current_run
                    break

        done = until(thread, run, "completed", "failed", "cancelled")
        self.assertEqual(done.status, "completed")
        self.assertTrue(text_of(messages.list(thread.id).data[0]).endswith("word30"))

    def test_the_asynchronous_client_polls_and_streams(self):
        async def scenario():
            async with openai.AsyncOpenAI(
                base_url=BASE, api_key=KEY, timeout=30, _strict_response_validation=True
            ) as client:
                beta = client.beta
                assistant = await beta.assistants.create(model=MODEL)
                thread = await beta.threads.create(
                    messages=[{"role": "user", "content": "/say async"}]
                )
                run = await beta.threads.runs.create_and_poll(
                    thread_id=thread.id, assistant_id=assistant.id
                )
                async with beta.threads.runs.stream(
                    thread_id=thread.id, assistant_id=assistant.id
                ) as stream:
                    text = "".join([delta async for delta in stream.text_deltas])
                return run.status, text

        self.assertEqual(asyncio.run(scenario()), ("completed", "async"))
