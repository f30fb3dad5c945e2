package dev.threadmill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Accumulates the events of a run into its objects, as SDKs do: elements of the same index are
 * merged, texts are appended, other values are replaced.
 */
public final class EventAccumulator {
  private final Map<String, ObjectNode> messages = new LinkedHashMap<>();
  private final Map<String, ObjectNode> steps = new LinkedHashMap<>();
  private final Map<String, JsonNode> latest = new LinkedHashMap<>();
  private JsonNode run;

  /** Applies the next event. */
  public void add(String name, JsonNode data) {
    var id = data.path("id").asText();
    if (name.equals("thread.message.delta")) {
      merge(messages.get(id), data.get("delta"));
    } else if (name.equals("thread.run.step.delta")) {
      merge(steps.get(id), data.get("delta"));
    } else if (name.startsWith("thread.message.")) {
      accept(messages, name, id, data);
    } else if (name.startsWith("thread.run.step.")) {
      accept(steps, name, id, data);
    } else if (name.startsWith("thread.run.")) {
      run = data;
    }
  }

  /** The first event of an object creates it; a later one must equal what was accumulated. */
  private void accept(Map<String, ObjectNode> objects, String name, String id, JsonNode data) {
    if (name.endsWith(".created")) {
      assertThat(objects.put(id, data.deepCopy())).as("%s %s came twice", name, id).isNull();
      return;
    }
    assertThat(objects).as("%s of what never began", name).containsKey(id);
    latest.put(id, data);
  }

  private static void merge(ObjectNode into, JsonNode delta) {
    assertThat(into).as("delta of what never began: %s", delta).isNotNull();
    delta.properties().forEach(each -> merge(into, each.getKey(), each.getValue()));
  }

  private static void merge(ObjectNode into, String field, JsonNode more) {
    var before = into.get(field);
    if (before == null || before.isNull()) {
      into.set(field, more.isArray() ? merged(array(), (ArrayNode) more) : more.deepCopy());
    } else if (more.isObject()) {
      merge((ObjectNode) before, more);
    } else if (more.isArray()) {
      merged((ArrayNode) before, (ArrayNode) more);
    } else if (more.isTextual() && !field.equals("id") && !field.equals("type")) {
      into.put(field, before.asText() + more.asText());
    } else {
      into.set(field, more);
    }
  }

  private static ArrayNode array() {
    return JsonNodeFactory.instance.arrayNode();
  }

  private static ArrayNode merged(ArrayNode into, ArrayNode more) {
    for (var part : more) {
      int index = part.get("index").asInt();
      var without = ((ObjectNode) part.deepCopy()).without("index");
      if (index < into.size()) {
        merge((ObjectNode) into.get(index), without);
      } else {
        assertThat(index).as("index of %s", part).isEqualTo(into.size());
        into.add(without);
      }
    }
    return into;
  }

  /** The run of the latest run event. */
  public JsonNode run() {
    return run;
  }

  /** The message that was created first. */
  public JsonNode firstMessage() {
    return messages.values().iterator().next();
  }

  /** The step that was created first. */
  public JsonNode firstStep() {
    return steps.values().iterator().next();
  }

  /** Compares the accumulated objects with the stored run, all its steps and all its messages. */
  public void compareWith(JsonNode storedRun, JsonNode storedSteps, JsonNode storedMessages) {
    assertThat(run).as("the run").isEqualTo(storedRun);
    assertThat(steps.keySet())
        .as("the steps")
        .containsExactlyInAnyOrderElementsOf(
            storedSteps.findValuesAsText("id").stream()
                .filter(id -> id.startsWith("step_"))
                .toList());
    for (var step : storedSteps) {
      var id = step.get("id").asText();
      assertThat(latest.get(id)).as("the step of the latest event").isEqualTo(step);
      for (int i = 0; i < step.at("/step_details/tool_calls").size(); i++) {
        var call = step.at("/step_details/tool_calls/" + i);
        var folded = steps.get(id).at("/step_details/tool_calls/" + i);
        assertThat(folded.at("/function/name")).isEqualTo(call.at("/function/name"));
        assertThat(folded.at("/function/arguments").asText())
            .isEqualTo(call.at("/function/arguments").asText());
        assertThat(folded.at("/id")).isEqualTo(call.at("/id"));
      }
    }
    for (var message : storedMessages) {
      if (message.path("run_id").equals(run.get("id"))) {
        var id = message.get("id").asText();
        assertThat(latest.get(id)).as("the message of the latest event").isEqualTo(message);
        assertThat(messages.get(id).at("/content/0/text/value").asText())
            .as("the message as it was put together")
            .isEqualTo(message.at("/content/0/text/value").asText());
      }
    }
  }
}
