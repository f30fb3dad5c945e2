"""Runs polled: to their end, through tools, cancelled, failed."""

import time
import unittest

from stage import (
    MODEL,
    assistants,
    conversation,
    last_text,
    messages,
    outputs,
    runs,
    text_of,
    threads,
    until,
    waiting,
)


class Runs(unittest.TestCase):
    def test_create_and_poll_answers_quickly(self):
        assistant, thread = conversation("/say All is well.")
        began = time.monotonic()

        run = runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)

        self.assertLess(time.monotonic() - began, 4)
        self.assertEqual(run.status, "completed")
        self.assertEqual(run.usage.total_tokens, run.usage.prompt_tokens + run.usage.completion_tokens)
        self.assertEqual(last_text(thread), "All is well.")
        [message] = messages.list(thread.id, run_id=run.id).data
        self.assertEqual((message.run_id, message.assistant_id), (run.id, assistant.id))

    def test_a_run_just_created_is_queued_and_is_listed_with_its_steps(self):
        assistant, thread = conversation("/say x")

        run = runs.create(thread_id=thread.id, assistant_id=assistant.id, metadata={"a": "b"})
        done = runs.poll(run.id, thread_id=thread.id)

        self.assertEqual((run.status, done.status), ("queued", "completed"))
        self.assertEqual([each.id for each in runs.list(thread.id)], [run.id])
        [step] = runs.steps.list(run.id, thread_id=thread.id)
        self.assertEqual((step.type, step.status), ("message_creation", "completed"))
        self.assertEqual(runs.steps.retrieve(step.id, run_id=run.id, thread_id=thread.id), step)
        changed = runs.update(run.id, thread_id=thread.id, metadata={"c": "d"})
        self.assertEqual(changed.metadata, {"c": "d"})

    def test_create_and_run_poll_makes_thread_and_run_in_one(self):
        assistant = assistants.create(model=MODEL)

        run = threads.create_and_run_poll(
            assistant_id=assistant.id,
            thread={"messages": [{"role": "user", "content": "/say both"}]},
        )

        self.assertEqual(run.status, "completed")
        self.assertEqual(last_text(threads.retrieve(run.thread_id)), "both")

    def test_the_results_of_parallel_calls_let_the_run_go_on(self):
        thread, run, calls = waiting()

        done = runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=thread.id, tool_outputs=outputs(calls)
        )

        self.assertEqual(done.status, "completed")
        self.assertIsNone(done.required_action)
        self.assertRegex(last_text(thread), "rain(.|\n)*noon")
        step = runs.steps.list(run.id, thread_id=thread.id, order="asc").data[0]
        results = [call.function.output for call in step.step_details.tool_calls]
        self.assertEqual(results, ["rain", "noon"])

    def test_a_waiting_run_is_cancelled_and_the_thread_goes_on(self):
        thread, run, _ = waiting()

        cancelling = runs.cancel(run.id, thread_id=thread.id)
        cancelled = until(thread, run, "cancelled")
        messages.create(thread.id, role="user", content="/say Go on.")
        following = runs.create_and_poll(thread_id=thread.id, assistant_id=run.assistant_id)

        self.assertEqual(cancelling.status, "cancelling")
        self.assertIsNotNone(cancelled.cancelled_at)
        self.assertEqual(following.status, "completed")
        self.assertEqual(last_text(thread), "Go on.")

    def test_a_failing_model_fails_the_run(self):
        assistant, thread = conversation("/fail rate_limited")

        run = runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)

        self.assertEqual((run.status, run.last_error.code), ("failed", "rate_limit_exceeded"))

    def test_max_completion_tokens_leaves_the_run_incomplete(self):
        assistant, thread = conversation("/long 2000")

        run = runs.create_and_poll(
            thread_id=thread.id, assistant_id=assistant.id, max_completion_tokens=256
        )

        self.assertEqual(run.status, "incomplete")
        self.assertEqual(run.incomplete_details.reason, "max_completion_tokens")
        message = messages.list(thread.id).data[0]
        self.assertEqual(message.incomplete_details.reason, "max_tokens")
        self.assertTrue(text_of(message).startswith("word1 word2"))
