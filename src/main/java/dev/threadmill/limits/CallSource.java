package dev.threadmill.limits;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.models.ModelOperation;
import dev.threadmill.models.Usage;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.Cause;
import java.time.Duration;
import java.time.Instant;

/**
 * What a model call outside of runs belongs to: its event says so, and usage is counted by it.
 *
 * @param user whom the client calls a model for; null if it does not say
 */
public record CallSource(
    Payer payer,
    Cause cause,
    ModelOperation operation,
    AssistantId assistant,
    ThreadId thread,
    String user) {
  private static final int MAX_USER = 256;

  public CallSource {
    user = user == null || user.length() <= MAX_USER ? user : user.substring(0, MAX_USER);
  }

  /** Work of the server for a project, which no request waits for. */
  public static CallSource of(Payer payer, ModelOperation operation) {
    return new CallSource(payer, Cause.NONE, operation, null, null, null);
  }

  /** The same for a thread. */
  public CallSource forThread(AssistantId ofAssistant, ThreadId ofThread) {
    return new CallSource(payer, cause, operation, ofAssistant, ofThread, user);
  }

  /** The event of a call that ends now. */
  Activity activity(String model, String status, Duration took, Usage usage, Instant at) {
    return Activity.of(Activity.MODEL_CALL, payer.project(), at)
        .cause(cause)
        .assistant(assistant)
        .thread(thread)
        .model(model)
        .latencyMs(took.toMillis())
        .status(status)
        .tokens(usage.promptTokens(), usage.completionTokens())
        .cost(usage.cost() == null ? null : usage.cost().dollars())
        .detail("operation", operation.wire())
        .detail("user", user)
        .detail("cached_tokens", usage.cachedTokens())
        .detail("reasoning_tokens", usage.reasoningTokens())
        .build();
  }
}
