package dev.threadmill.tools.a2a;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.StorableText;
import dev.threadmill.tools.ToolListener;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The state of one task of an agent of another server, in either version of A2A. It is updated with
 * whole tasks and with the events of streams; the listener gets the text of its artifacts as it
 * grows. What does not keep to the protocol reads as empty.
 */
final class A2aTask {
  private static final String V1_PREFIX = "task_state_";
  private static final int MAX_ID = 1024;
  private static final int MAX_ARTIFACTS = 1_000;
  private static final String SEPARATOR = "\n\n";

  private final ToolListener listener;
  private final int maxCharacters;
  private final Map<String, StringBuilder> artifacts = new LinkedHashMap<>();
  private final StringBuilder reported = new StringBuilder();
  private String id;
  private boolean isMessageOnly;
  private String state = "submitted";
  private String statusText = "";
  private String historyText = "";
  private String latestArtifact;
  private int length;
  private boolean isReportedInOrder;
  private boolean hasGap;
  private boolean isComplete;

  /** What arrived cannot belong to the task. The message is fit for a model. */
  static final class ProtocolException extends Exception {
    private static final long serialVersionUID = 1;

    ProtocolException(String message) {
      super(message);
    }
  }

  /**
   * @param id null if the agent has not assigned one yet
   * @param maxCharacters the most characters that its artifacts may have
   */
  A2aTask(ToolListener listener, String id, int maxCharacters) {
    this.listener = listener;
    this.id = id;
    this.maxCharacters = maxCharacters;
    restart();
  }

  /** What follows describes the task from its beginning, or leaves a gap. */
  void restart() {
    artifacts.clear();
    latestArtifact = null;
    length = 0;
    reported.setLength(0);
    isReportedInOrder = true;
    hasGap = false;
    listener.onAttempt();
  }

  /** The agent's id of it; null if there is none. */
  String id() {
    return id;
  }

  /** Whether the agent has accepted the message. */
  boolean isAccepted() {
    return id != null || isMessageOnly;
  }

  /** The state, in lower case with dashes. */
  String state() {
    return state;
  }

  /** Whether the agent still works on it. */
  boolean isOpen() {
    return state.equals("submitted") || state.equals("working");
  }

  /** Whether its text may lack something that a whole task would have. */
  boolean isIncomplete() {
    return id != null && !isComplete && (hasGap || length == 0);
  }

  /**
   * The text of its artifacts; without any, that of its status message; without that, of the last
   * message of the agent in its history.
   */
  String text() {
    if (length > 0) {
      return artifactText();
    }
    return statusText.isEmpty() ? historyText : statusText;
  }

  /** Updates the task with the result of a request, or with an event of a stream. */
  void apply(JsonNode result) throws ProtocolException {
    var kind = result.path("kind").asText();
    isComplete = false;
    if (result.has("statusUpdate") || kind.equals("status-update")) {
      var update = result.has("statusUpdate") ? result.path("statusUpdate") : result;
      requireSameTask(update.path("taskId"));
      applyStatus(update.path("status"));
    } else if (result.has("artifactUpdate") || kind.equals("artifact-update")) {
      var update = result.has("artifactUpdate") ? result.path("artifactUpdate") : result;
      requireSameTask(update.path("taskId"));
      applyArtifact(update.path("artifact"), update.path("append").asBoolean(false));
    } else {
      applyTask(result);
    }
  }

  private void applyTask(JsonNode result) throws ProtocolException {
    var task = result.has("task") ? result.path("task") : result;
    var message = result.has("message") ? result.path("message") : result;
    if (task.path("status").path("state").isTextual()) {
      requireSameTask(task.path("id"));
      if (task.path("artifacts").isArray()) {
        artifacts.clear();
        length = 0;
        hasGap = false;
        for (var artifact : task.path("artifacts")) {
          applyArtifact(artifact, false);
        }
      }
      historyText = lastOfAgent(task.path("history"));
      if (historyText.length() > maxCharacters) {
        throw tooLong();
      }
      applyStatus(task.path("status"));
      isComplete = true;
    } else if (message.path("parts").isArray() && id == null) {
      isMessageOnly = true;
      statusText = StorableText.of(parts(message.path("parts")));
      state = "completed";
    } else {
      throw new ProtocolException("The agent's answer is not a message of A2A.");
    }
  }

  private void requireSameTask(JsonNode named) throws ProtocolException {
    if (!named.isTextual() || named.textValue().isEmpty() || named.textValue().length() > MAX_ID) {
      throw new ProtocolException("The agent's answer is not a message of A2A.");
    }
    if (id == null) {
      id = StorableText.of(named.textValue());
      listener.onRemoteTask(id);
    } else if (!id.equals(StorableText.of(named.textValue()))) {
      throw new ProtocolException("The agent answered with a different task.");
    }
  }

  private void applyStatus(JsonNode status) {
    if (status.path("state").isTextual()) {
      var word = status.path("state").textValue().toLowerCase(Locale.ROOT);
      state =
          (word.startsWith(V1_PREFIX) ? word.substring(V1_PREFIX.length()) : word)
              .replace('_', '-');
    }
    var messageText = StorableText.of(parts(status.path("message").path("parts")));
    if (!messageText.isEmpty() && isOpen() && !messageText.equals(statusText)) {
      listener.onProgress(messageText.strip() + "\n");
    }
    statusText = messageText;
  }

  private void applyArtifact(JsonNode artifact, boolean isMore) throws ProtocolException {
    var name = artifact.path("artifactId").asText();
    var text = StorableText.of(parts(artifact.path("parts")));
    var known = artifacts.get(name);
    if (isMore && known == null) {
      hasGap = true;
      return;
    }
    if (known == null) {
      known = new StringBuilder();
      artifacts.put(name, known);
    }
    length += text.length() - (isMore ? 0 : known.length());
    if (length > maxCharacters || artifacts.size() > MAX_ARTIFACTS) {
      throw tooLong();
    }
    boolean isNext = isMore && name.equals(latestArtifact) && !known.isEmpty();
    known.setLength(isMore ? known.length() : 0);
    known.append(text);
    latestArtifact = name;
    report(isNext ? text : null);
  }

  /**
   * Passes new text to the listener, as long as it only adds to what was passed before.
   *
   * @param next what was added at the end; null if the whole text has to be compared
   */
  private void report(String next) {
    if (!isReportedInOrder || hasGap) {
      return;
    }
    var more = next;
    if (more == null) {
      var whole = artifactText();
      isReportedInOrder = whole.startsWith(reported.toString());
      more = isReportedInOrder ? whole.substring(reported.length()) : "";
    }
    if (!more.isEmpty()) {
      reported.append(more);
      listener.onOutput(more);
    }
  }

  private String artifactText() {
    var text = new StringBuilder();
    for (var artifact : artifacts.values()) {
      if (!artifact.isEmpty()) {
        text.append(text.isEmpty() ? "" : SEPARATOR).append(artifact);
      }
    }
    return text.toString();
  }

  private ProtocolException tooLong() {
    return new ProtocolException(
        "The agent's answer is longer than the %d characters allowed.".formatted(maxCharacters));
  }

  /** Some agents answer in the history alone. */
  private static String lastOfAgent(JsonNode history) {
    var text = "";
    for (var message : history) {
      var role = message.path("role").asText().toLowerCase(Locale.ROOT);
      var messageText = StorableText.of(parts(message.path("parts")));
      if (!messageText.isEmpty() && (role.equals("agent") || role.equals("role_agent"))) {
        text = messageText;
      }
    }
    return text;
  }

  private static String parts(JsonNode parts) {
    var text = new StringBuilder();
    for (var part : parts) {
      var file = part.has("file") ? part.path("file") : part;
      if (part.path("text").isTextual()) {
        text.append(part.path("text").textValue());
      } else if (part.has("data")) {
        text.append(part.path("data"));
      } else if (file.path("uri").isTextual() || file.path("url").isTextual()) {
        text.append(file.path(file.has("uri") ? "uri" : "url").textValue());
      }
    }
    return text.toString();
  }
}
