package dev.threadmill.runs;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.AssistantCache;
import dev.threadmill.privacy.Revealer;
import dev.threadmill.privacy.detect.EntityKind;
import dev.threadmill.runs.store.Run;
import dev.threadmill.tools.Toolset;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.EnumSet;
import java.util.List;

/**
 * Turns tokens back in the arguments of calls of tools that need the real values, as the assistant
 * lists them. What is stored of the call keeps the tokens.
 */
@ApplicationScoped
class RevealArguments {
  private final AssistantCache assistants;
  private final Revealer revealer;

  RevealArguments(AssistantCache assistants, Revealer revealer) {
    this.assistants = assistants;
    this.revealer = revealer;
  }

  /** The call of a tool, by the name by which the model called it, with values for tokens. */
  Toolset.Dispatch.ToServer apply(Run run, String tool, Toolset.Dispatch.ToServer call) {
    if (run.assistantId() == null || call.arguments() == null) {
      return call;
    }
    var privacy = assistants.get(run.projectId(), run.assistantId()).assistant().privacy();
    if (privacy == null || !privacy.isOn() || privacy.tools() == null) {
      return call;
    }
    var kinds = EnumSet.noneOf(EntityKind.class);
    privacy
        .tools()
        .getOrDefault(tool, List.of())
        .forEach(name -> EntityKind.of(name).ifPresent(kinds::add));
    var json = call.arguments().toString();
    var revealed = revealer.inJson(run.projectId(), kinds, json);
    return revealed.equals(json)
        ? call
        : new Toolset.Dispatch.ToServer(call.tool(), Json.read(revealed, JsonNode.class));
  }
}
