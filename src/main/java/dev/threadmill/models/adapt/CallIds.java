package dev.threadmill.models.adapt;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.Sha256;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ReasoningState;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The ids of tool calls as a provider is sent them: its own, for calls that it made, and ours for
 * all others, in a form that it accepts.
 */
public final class CallIds {
  private static final String ALPHABET =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final int SHORT = 9;

  private final Map<String, String> sent = new HashMap<>();
  private final boolean hasShortIds;

  private CallIds(boolean hasShortIds) {
    this.hasShortIds = hasShortIds;
  }

  /**
   * The ids of the calls in these messages.
   *
   * @param isOwn whether a state comes from the provider that is called
   */
  public static CallIds of(
      List<ModelMessage> messages, Predicate<ReasoningState> isOwn, boolean hasShortIds) {
    var ids = new CallIds(hasShortIds);
    var used = new HashSet<String>();
    for (var message : messages) {
      if (message instanceof ModelMessage.Assistant(_, var calls, var state)) {
        for (int i = 0; i < calls.size(); i++) {
          var ours = calls.get(i).id();
          var theirs = state != null && isOwn.test(state) ? ofCall(state, i) : "";
          boolean usable =
              !theirs.isEmpty()
                  && (!hasShortIds || theirs.matches("[A-Za-z0-9]{9}"))
                  && used.add(theirs);
          ids.sent.put(ours, usable ? theirs : ids.ours(ours));
        }
      }
    }
    return ids;
  }

  /** The id to send for one of ours. */
  public String of(String id) {
    return sent.getOrDefault(id, ours(id));
  }

  private String ours(String id) {
    return hasShortIds ? shortened(id) : id;
  }

  private static String ofCall(ReasoningState state, int index) {
    return callState(state, index).path("id").asText("");
  }

  /** What the provider wants back of a call; missing if nothing. */
  public static JsonNode callState(ReasoningState state, int index) {
    var calls = state.attributes().get("calls");
    return calls == null
        ? MissingNode.getInstance()
        : Json.MAPPER.<JsonNode>valueToTree(calls).path(index);
  }

  /** Nine letters and digits, the same for the same id. */
  static String shortened(String id) {
    var digest = Sha256.of(id);
    var text = new StringBuilder(SHORT);
    for (int i = 0; i < SHORT; i++) {
      text.append(ALPHABET.charAt((digest[i] & 0xff) % ALPHABET.length()));
    }
    return text.toString();
  }
}
