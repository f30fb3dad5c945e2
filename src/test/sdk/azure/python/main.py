"""Azure's clients for Python, as they are: AzureOpenAI, and azure-ai-agents at a project's endpoint.

THREADMILL_URL is the address of the server, THREADMILL_API_KEY the key.
"""

import os
import sys
import unittest
import warnings

from azure.ai.agents import AgentsClient
from azure.ai.agents.models import FunctionTool, ListSortOrder
from azure.core.credentials import AzureKeyCredential
from azure.core.pipeline.policies import AzureKeyCredentialPolicy
from openai import AuthenticationError, AzureOpenAI

URL = os.environ.get("THREADMILL_URL", "http://localhost:8080")
KEY = os.environ["THREADMILL_API_KEY"]
MODEL = "rehearsal"


class AzureOpenAIClient(unittest.TestCase):
    def setUp(self):
        self.client = AzureOpenAI(
            azure_endpoint=URL, api_key=KEY, api_version="2024-05-01-preview", timeout=30
        )

    def test_a_run_is_polled_to_its_end(self):
        assistant = self.client.beta.assistants.create(model=MODEL, instructions="Be brief.")
        run = self.client.beta.threads.create_and_run_poll(
            assistant_id=assistant.id,
            thread={"messages": [{"role": "user", "content": "/say All is well."}]},
        )
        self.assertEqual(run.status, "completed")
        [answer, _] = self.client.beta.threads.messages.list(run.thread_id).data
        self.assertEqual(answer.content[0].text.value, "All is well.")

    def test_a_run_is_streamed(self):
        assistant = self.client.beta.assistants.create(model=MODEL)
        thread = self.client.beta.threads.create(
            messages=[{"role": "user", "content": "/say one two three"}]
        )
        with self.client.beta.threads.runs.stream(
            thread_id=thread.id, assistant_id=assistant.id
        ) as stream:
            self.assertEqual("".join(stream.text_deltas), "one two three")

    def test_the_deployment_is_the_model_of_a_chat_completion(self):
        client = AzureOpenAI(
            azure_endpoint=URL,
            azure_deployment=MODEL,
            api_key=KEY,
            api_version="2024-10-21",
            timeout=30,
        )
        answer = client.chat.completions.create(
            model="ignored", messages=[{"role": "user", "content": "/say Hello."}]
        )
        self.assertEqual(answer.model, MODEL)
        self.assertEqual(answer.choices[0].message.content, "Hello.")

    def test_a_wrong_key_is_an_authentication_error(self):
        client = AzureOpenAI(azure_endpoint=URL, api_key="wrong-key", api_version="2024-10-21")
        with self.assertRaises(AuthenticationError):
            client.beta.assistants.list()


class AgentsAtAProjectEndpoint(unittest.TestCase):
    def setUp(self):
        credential = AzureKeyCredential(KEY)
        self.client = AgentsClient(
            endpoint=URL + "/api/projects/my-project",
            credential=credential,
            # The default asks for a token of Azure and for https.
            authentication_policy=AzureKeyCredentialPolicy(credential, "api-key"),
        )

    def tearDown(self):
        self.client.close()

    def conversation(self, text, **more):
        agent = self.client.create_agent(model=MODEL, name="agent", **more)
        thread = self.client.threads.create()
        self.client.messages.create(thread_id=thread.id, role="user", content=text)
        return agent, thread

    def test_a_run_is_created_and_processed(self):
        agent, thread = self.conversation("/say All is well.", instructions="Be brief.")

        run = self.client.runs.create_and_process(
            thread_id=thread.id, agent_id=agent.id, polling_interval=0.1
        )

        self.assertEqual(run.status, "completed")
        messages = list(self.client.messages.list(thread.id, order=ListSortOrder.ASCENDING))
        self.assertEqual(messages[-1].text_messages[0].text.value, "All is well.")
        self.assertEqual(self.client.get_agent(agent.id).name, "agent")
        self.client.delete_agent(agent.id)

    def test_functions_are_called_by_the_client(self):
        def get_weather(city: str) -> str:
            """
            The weather in a city.

            :param city: its name
            """
            return "sunny in " + city

        functions = FunctionTool(functions={get_weather})
        agent, thread = self.conversation(
            'call get_weather {"city": "Ulm"}', tools=functions.definitions
        )
        self.client.enable_auto_function_calls({get_weather})

        run = self.client.runs.create_and_process(
            thread_id=thread.id, agent_id=agent.id, polling_interval=0.1
        )

        self.assertEqual(run.status, "completed")
        steps = list(self.client.run_steps.list(thread.id, run.id))
        self.assertEqual({step.type for step in steps}, {"tool_calls", "message_creation"})

    def test_a_run_is_streamed(self):
        agent, thread = self.conversation("/say one two three")
        text = ""
        with self.client.runs.stream(thread_id=thread.id, agent_id=agent.id) as stream:
            for kind, data, _ in stream:
                if kind == "thread.message.delta":
                    text += data.text
        self.assertEqual(text, "one two three")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(verbosity=2, warnings="ignore").run(suite)
    sys.exit(not result.wasSuccessful())
