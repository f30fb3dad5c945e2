"""The shared setup of the client packages."""

import os
from importlib.metadata import version

BASE = os.environ.get("THREADMILL_URL", "http://localhost:8080") + "/v1"
KEY = os.environ["THREADMILL_API_KEY"]
MODEL = "rehearsal"  # the offline model: commands in the user's text control its answers

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Reports the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def done(*packages):
    """Prints the tested versions and the line that the test expects."""
    for package in packages:
        print(package, version(package))
    print("OK")
