package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.ThreadId;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Other assistants, and agents of other servers, that an assistant may route a message to, each of
 * them a function of its own.
 *
 * @param mode null for delegate
 * @param threads null for new
 * @param names what the targets are called, in their order, as it was last looked up; null in what
 *     clients send and are shown
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record AgentRoutingSpec(
    List<Target> targets, Mode mode, Threads threads, List<TargetName> names) {
  /** The most targets of one tool. */
  static final int MAX_TARGETS = 32;

  /** What becomes of the target's answer. */
  public enum Mode {
    /** It is the result of the call, and the caller continues. */
    @JsonProperty("delegate")
    DELEGATE,
    /** It answers the user in place of the caller's. */
    @JsonProperty("handoff")
    HANDOFF
  }

  /** Which thread a target works in, if none is named. */
  public enum Threads {
    /** A new one for each call. */
    @JsonProperty("new")
    NEW,
    /** The one that it last worked in for this thread of the caller. */
    @JsonProperty("continue")
    CONTINUE
  }

  /**
   * Where to route to: an assistant of the project, or an agent of another server.
   *
   * @param assistantId null for an agent of another server
   * @param threadId the thread to work in; null if none is named
   * @param agent null for an assistant
   * @param name in place of the assistant's own; null for that
   * @param description in place of the assistant's own; null for that
   */
  public record Target(
      AssistantId assistantId,
      ThreadId threadId,
      RemoteAgent agent,
      String name,
      String description) {
    private static final String ASSISTANT = "assistant_id";
    private static final String THREAD = "thread_id";
    private static final String NAME = "name";
    private static final String DESCRIPTION = "description";
    private static final Set<String> FIELDS = Set.of(ASSISTANT, THREAD, NAME, DESCRIPTION);
    private static final int MAX_NAME = 256;
    private static final int MAX_DESCRIPTION = 4_096;

    public Target {
      Bounds.text(NAME, name, MAX_NAME);
      Bounds.text(DESCRIPTION, description, MAX_DESCRIPTION);
    }

    /** An assistant under its own name; the thread may be null. */
    static Target of(AssistantId assistant, ThreadId thread) {
      return new Target(assistant, thread, null, null, null);
    }

    /** An agent of another server. */
    static Target of(RemoteAgent agent) {
      return new Target(null, null, agent, null, null);
    }

    /** Reads the id of an assistant, or an object that names a thread as well. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static Target of(JsonNode node) {
      if (node.isTextual()) {
        return of(new AssistantId(node.textValue()), null);
      }
      if (node instanceof ObjectNode fields && RemoteAgent.is(fields)) {
        return of(RemoteAgent.of(fields));
      }
      if (!node.isObject()) {
        throw ApiException.invalid(
            ASSISTANT,
            "invalid_type",
            "Invalid type for 'assistant_id': expected the id of an assistant, or an object of"
                + " 'assistant_id' and 'thread_id'.");
      }
      for (var field : node.properties()) {
        if (!FIELDS.contains(field.getKey())) {
          throw ApiException.invalid(
              field.getKey(),
              "unknown_parameter",
              "Unknown parameter: '%s'.".formatted(field.getKey()));
        }
      }
      if (!node.path(ASSISTANT).isTextual()) {
        throw ApiException.missing(ASSISTANT);
      }
      var thread = text(node, THREAD);
      return new Target(
          new AssistantId(node.get(ASSISTANT).textValue()),
          thread == null ? null : new ThreadId(thread),
          null,
          text(node, NAME),
          text(node, DESCRIPTION));
    }

    private static String text(JsonNode node, String field) {
      var value = node.path(field);
      if (value.isMissingNode() || value.isNull()) {
        return null;
      }
      if (!value.isTextual()) {
        throw ApiException.invalid(
            field, "invalid_type", "Invalid type for '%s': expected a string.".formatted(field));
      }
      return value.textValue();
    }

    /** Whether it is an agent of another server. */
    public boolean isRemote() {
      return agent != null;
    }

    @JsonValue
    Object json() {
      if (agent != null) {
        return agent;
      }
      if (threadId == null && name == null && description == null) {
        return assistantId.value();
      }
      var json = new LinkedHashMap<String, Object>();
      json.put(ASSISTANT, assistantId.value());
      json.put(THREAD, threadId == null ? null : threadId.value());
      json.put(NAME, name);
      json.put(DESCRIPTION, description);
      json.values().removeIf(Objects::isNull);
      return json;
    }
  }

  /**
   * What a target is called.
   *
   * @param function the name of its function
   * @param name the assistant's name; null if it has none
   * @param description what it is good for; null if it does not say
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record TargetName(String function, String name, String description) {}

  public AgentRoutingSpec {
    Bounds.required("targets", targets);
    targets = Bounds.list("targets", targets, MAX_TARGETS);
    if (targets.isEmpty()) {
      throw ApiException.invalid("targets", "Invalid 'targets': expected at least one assistant.");
    }
    if (new HashSet<>(targets).size() < targets.size()) {
      throw ApiException.invalid("targets", "Invalid 'targets': an assistant is given twice.");
    }
    mode = mode == null ? Mode.DELEGATE : mode;
    checkAgents(targets, mode);
  }

  /** Whether a target continues in the thread that it last worked in for the caller. */
  public boolean continuesThreads() {
    return threads == Threads.CONTINUE;
  }

  private static void checkAgents(List<Target> targets, Mode mode) {
    var names = new HashSet<String>();
    for (int i = 0; i < targets.size(); i++) {
      var agent = targets.get(i).agent();
      if (agent != null && mode == Mode.HANDOFF) {
        throw ApiException.invalid(
            "mode",
            "Invalid 'mode': a conversation cannot be handed over to an agent of another server. Use"
                + " 'delegate'.");
      }
      if (agent != null && !names.add(agent.name())) {
        throw ApiException.invalid(
            "targets[%d].name".formatted(i),
            "Invalid 'targets[%d].name': another agent has this name.".formatted(i));
      }
    }
  }

  AgentRoutingSpec mapSecrets(ToolSecrets.SecretMapper secrets) {
    return new AgentRoutingSpec(
        targets.stream()
            .map(
                target ->
                    target.isRemote() ? Target.of(target.agent().mapSecrets(secrets)) : target)
            .toList(),
        mode,
        threads,
        names);
  }

  /** Whether this is the name of the function of an assistant of the project. */
  public boolean routesToAssistant(String function) {
    for (int i = 0; names != null && i < names.size(); i++) {
      if (names.get(i).function().equals(function)) {
        return !targets.get(i).isRemote();
      }
    }
    return false;
  }

  AgentRoutingSpec withNames(List<TargetName> newNames) {
    return new AgentRoutingSpec(targets, mode, threads, newNames);
  }

  /** Whether this is the name of a target's function. */
  public boolean hasFunction(String function) {
    return names != null && names.stream().anyMatch(name -> name.function().equals(function));
  }
}
