package dev.threadmill.tools.a2a;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.StorableText;
import dev.threadmill.tools.ToolListener;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What an agent elsewhere has said of one task so far, in either version of A2A: whole tasks that
 * were asked for, and the pieces of streams. The text of its artifacts is told on while it grows.
 * Nothing that comes is trusted: what is not as the protocol has it reads as empty.
 */
final class A2aTask {
  private static final String OF_V1 = "task_state_";
  private static final int MAX_ID = 1024;
  private static final int MOST_ARTIFACTS = 1_000;
  private static final String BETWEEN = "\n\n";

  private final ToolListener listener;
  private final int maxText;
  private final Map<String, StringBuilder> artifacts = new LinkedHashMap<>();
  private final StringBuilder told = new StringBuilder();
  private String id;
  private boolean isWithoutId;
  private String state = "submitted";
  private String why = "";
  private String newest;
  private int length;
  private boolean isToldStraight;
  private boolean hasGap;
  private boolean isWhole;

  /** Something came that has no place in the task. The message is fit for a model. */
  static final class ProtocolException extends Exception {
    private static final long serialVersionUID = 1;

    ProtocolException(String message) {
      super(message);
    }
  }

  /**
   * @param id null if the agent has not named it yet
   * @param maxText the most characters that its artifacts may have
   */
  A2aTask(ToolListener listener, String id, int maxText) {
    this.listener = listener;
    this.id = id;
    this.maxText = maxText;
    restart();
  }

  /** What comes now tells the task from its beginning, or leaves a gap. */
  void restart() {
    artifacts.clear();
    newest = null;
    length = 0;
    told.setLength(0);
    isToldStraight = true;
    hasGap = false;
    listener.onAttempt();
  }

  /** The agent's name for it; null if there is none. */
  String id() {
    return id;
  }

  /** Whether the agent has taken the message. */
  boolean isAccepted() {
    return id != null || isWithoutId;
  }

  /** In small letters with dashes. */
  String state() {
    return state;
  }

  /** Whether the agent is still at work on it. */
  boolean isOpen() {
    return state.equals("submitted") || state.equals("working");
  }

  /** Whether its text may lack something that a whole task would have. */
  boolean isIncomplete() {
    return id != null && !isWhole && (hasGap || length == 0);
  }

  /** What it has brought, or the reason of its state if it has brought nothing. */
  String text() {
    return length == 0 ? why : brought();
  }

  /** Takes the result of a request or an event of a stream. */
  void apply(JsonNode result) throws ProtocolException {
    var kind = result.path("kind").asText();
    isWhole = false;
    if (result.has("statusUpdate") || kind.equals("status-update")) {
      var update = result.has("statusUpdate") ? result.path("statusUpdate") : result;
      requireOwn(update.path("taskId"));
      takeStatus(update.path("status"));
    } else if (result.has("artifactUpdate") || kind.equals("artifact-update")) {
      var update = result.has("artifactUpdate") ? result.path("artifactUpdate") : result;
      requireOwn(update.path("taskId"));
      takeArtifact(update.path("artifact"), update.path("append").asBoolean(false));
    } else {
      takeWhole(result);
    }
  }

  private void takeWhole(JsonNode result) throws ProtocolException {
    var task = result.has("task") ? result.path("task") : result;
    var message = result.has("message") ? result.path("message") : result;
    if (task.path("status").path("state").isTextual()) {
      requireOwn(task.path("id"));
      if (task.path("artifacts").isArray()) {
        artifacts.clear();
        length = 0;
        hasGap = false;
        for (var artifact : task.path("artifacts")) {
          takeArtifact(artifact, false);
        }
      }
      takeStatus(task.path("status"));
      isWhole = true;
    } else if (message.path("parts").isArray() && id == null) {
      isWithoutId = true;
      why = StorableText.of(parts(message.path("parts")));
      state = "completed";
    } else {
      throw new ProtocolException("What the agent answered is not of A2A.");
    }
  }

  private void requireOwn(JsonNode named) throws ProtocolException {
    if (!named.isTextual() || named.textValue().isEmpty() || named.textValue().length() > MAX_ID) {
      throw new ProtocolException("What the agent answered is not of A2A.");
    }
    if (id == null) {
      id = StorableText.of(named.textValue());
      listener.onRemoteTask(id);
    } else if (!id.equals(StorableText.of(named.textValue()))) {
      throw new ProtocolException("The agent answered with another task than asked.");
    }
  }

  private void takeStatus(JsonNode status) {
    if (status.path("state").isTextual()) {
      var word = status.path("state").textValue().toLowerCase(Locale.ROOT);
      state = (word.startsWith(OF_V1) ? word.substring(OF_V1.length()) : word).replace('_', '-');
    }
    var said = StorableText.of(parts(status.path("message").path("parts")));
    if (!said.isEmpty() && isOpen() && !said.equals(why)) {
      listener.onProgress(said.strip() + "\n");
    }
    why = said;
  }

  private void takeArtifact(JsonNode artifact, boolean isMore) throws ProtocolException {
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
    if (length > maxText || artifacts.size() > MOST_ARTIFACTS) {
      throw new ProtocolException(
          "The agent's answer is larger than the %d characters allowed.".formatted(maxText));
    }
    boolean isNext = isMore && name.equals(newest) && !known.isEmpty();
    known.setLength(isMore ? known.length() : 0);
    known.append(text);
    newest = name;
    tell(isNext ? text : null);
  }

  /**
   * Tells on what has come, as far as it only adds to what was told.
   *
   * @param next what was added at the end; null if the whole has to be looked at
   */
  private void tell(String next) {
    if (!isToldStraight || hasGap) {
      return;
    }
    var more = next;
    if (more == null) {
      var whole = brought();
      isToldStraight = whole.startsWith(told.toString());
      more = isToldStraight ? whole.substring(told.length()) : "";
    }
    if (!more.isEmpty()) {
      told.append(more);
      listener.onOutput(more);
    }
  }

  private String brought() {
    var text = new StringBuilder();
    for (var artifact : artifacts.values()) {
      if (!artifact.isEmpty()) {
        text.append(text.isEmpty() ? "" : BETWEEN).append(artifact);
      }
    }
    return text.toString();
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
