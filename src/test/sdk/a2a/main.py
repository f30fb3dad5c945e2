"""An assistant as an agent of A2A 1.0, as the protocol's SDK for Python sees it: python main.py

THREADMILL_URL is the address of the server, THREADMILL_API_KEY the key.
"""

import asyncio
import json
import os
import urllib.request
import uuid

import httpx
from a2a.client import ClientConfig, ClientFactory
from a2a.types import (
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    Message,
    Part,
    Role,
    SendMessageRequest,
    SubscribeToTaskRequest,
    TaskState,
)
from a2a.utils.errors import TaskNotCancelableError, TaskNotFoundError, UnsupportedOperationError

URL = os.environ["THREADMILL_URL"]
AUTH = {"Authorization": "Bearer " + os.environ["THREADMILL_API_KEY"]}


def agent():
    body = {"model": "gpt-4o", "name": "Helper", "exposure": {"a2a": True}}
    request = urllib.request.Request(
        URL + "/v1/assistants",
        data=json.dumps(body).encode(),
        headers={**AUTH, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["id"]


def said(text, context=""):
    return SendMessageRequest(
        message=Message(
            message_id=str(uuid.uuid4()),
            role=Role.ROLE_USER,
            context_id=context,
            parts=[Part(text=text)],
        )
    )


def text(artifacts):
    return "".join(part.text for artifact in artifacts for part in artifact.parts)


async def fails(error, work):
    try:
        await work
    except error:
        return
    raise AssertionError("expected " + error.__name__)


async def main():
    url = URL + "/v1/a2a/" + agent()
    async with httpx.AsyncClient(headers=AUTH, timeout=30) as http:
        streaming = await ClientFactory(ClientConfig(httpx_client=http)).create_from_url(url)
        waiting = await ClientFactory(
            ClientConfig(httpx_client=http, streaming=False)
        ).create_from_url(url)

        events = [event async for event in streaming.send_message(said("Hello"))]
        assert events[0].HasField("task"), events
        told = text(e.artifact_update.artifact for e in events if e.HasField("artifact_update"))
        assert told == "Hello from the fake provider.", told
        last = events[-1].status_update
        assert last.status.state == TaskState.TASK_STATE_COMPLETED, events
        first = events[0].task

        answers = [e async for e in waiting.send_message(said("Again", first.context_id))]
        second = answers[-1].task
        assert second.context_id == first.context_id and second.id != first.id
        assert second.status.state == TaskState.TASK_STATE_COMPLETED
        assert text(second.artifacts) == "Hello from the fake provider."

        asked = await waiting.get_task(GetTaskRequest(id=second.id, history_length=10))
        assert [m.role for m in asked.history] == [Role.ROLE_USER, Role.ROLE_AGENT] * 2
        listed = await waiting.list_tasks(ListTasksRequest(context_id=first.context_id))
        assert [t.id for t in listed.tasks] == [second.id, first.id], listed
        assert listed.total_size == 2 and listed.next_page_token == ""

        await fails(TaskNotFoundError, waiting.get_task(GetTaskRequest(id="nonsense")))
        await fails(TaskNotCancelableError, waiting.cancel_task(CancelTaskRequest(id=first.id)))
        stream = streaming.subscribe(SubscribeToTaskRequest(id=first.id))
        await fails(UnsupportedOperationError, anext(aiter(stream)))
    print("OK")


asyncio.run(main())
