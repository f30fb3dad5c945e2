"""Random answers of a model: what the SDK folds of each stream equals what is stored."""

from concurrent.futures import ThreadPoolExecutor

from stage import client

SEEDS = 80
INCLUDE = ["web_search_call.action.sources"]
NOTHING = {"type": "object", "properties": {}}
TOOLS = [
    {"type": "function", "name": "ask", "parameters": NOTHING, "strict": False},
    {
        "type": "function",
        "name": "tell",
        "parameters": {"type": "object", "properties": {"x": {"type": "string"}}},
        "strict": False,
    },
    {"type": "custom", "name": "shell"},
    {"type": "web_search"},
]


def plain(value):
    """Without what the SDK adds to a response that it has folded."""
    if isinstance(value, dict):
        return {
            key: plain(each)
            for key, each in value.items()
            if key not in ("parsed", "parsed_arguments")
        }
    return [plain(each) for each in value] if isinstance(value, list) else value


def check(seed):
    with client.responses.stream(
        model=f"random-{seed}",
        input="Go",
        tools=TOOLS,
        include=INCLUDE,
        background=seed % 4 == 0,
        reasoning={"summary": "auto"} if seed % 2 else {},
    ) as stream:
        last = [event for event in stream][-1]
        # The response that the SDK gives away is that of the last event, not the folded one.
        snapshot = stream._state._ResponseStreamState__current_snapshot
    stored = client.responses.retrieve(last.response.id, include=INCLUDE)
    expected = plain(stored.to_dict())
    assert last.type == "response." + expected["status"], (seed, last.type, expected["status"])
    assert plain(last.response.to_dict()) == expected, (seed, last.response, expected)
    if last.type == "response.completed":
        folded = stream.get_final_response()
        assert plain(folded.to_dict()) == expected, (seed, folded, expected)
    folded = {item.id: item for item in snapshot.output}
    for item in stored.output:
        assert text(folded[item.id]) == text(item), (seed, snapshot, stored)
    return last.type, [item.type for item in stored.output]


def text(item):
    """What the SDK for Python folds of the deltas of an item: texts and arguments."""
    if item.type == "message":
        return [part.text for part in item.content if part.type == "output_text"]
    return item.arguments if item.type == "function_call" else None


with ThreadPoolExecutor(4) as pool:
    results = list(pool.map(check, range(SEEDS)))
ends = {end for end, _ in results}
kinds = {kind for _, output in results for kind in output}
assert ends == {"response.completed", "response.incomplete", "response.failed"}, ends
assert kinds == {
    "message",
    "reasoning",
    "function_call",
    "custom_tool_call",
    "web_search_call",
}, kinds
print("OK")
