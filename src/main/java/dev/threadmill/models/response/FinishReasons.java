package dev.threadmill.models.response;

import dev.threadmill.api.StorableText;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelResponse.FinishReason;
import dev.threadmill.models.ProviderException;
import java.util.Locale;

/** What the reasons mean for which providers end their responses, whatever they call them. */
public final class FinishReasons {
  private static final int LONGEST_SHOWN = 60;

  private FinishReasons() {}

  /**
   * The reason, in our terms; null if this is none, as some servers send with each chunk.
   *
   * @param reason as the provider spells it
   * @param provider its name, for errors
   * @throws ProviderException if the reason is an error, or is not known: such a response must not
   *     count as complete
   */
  public static FinishReason of(String reason, String provider) {
    return switch (reason.strip().toLowerCase(Locale.ROOT)) {
      case "", "null", "none", "finish_reason_unspecified" -> null;
      case "stop",
          "end_turn",
          "stop_sequence",
          "eos",
          "eos_token",
          "end",
          "done",
          "complete",
          "completed",
          "finished" ->
          FinishReason.STOP;
      case "tool_calls", "tool_call", "tool_use", "function_call", "function_calls" ->
          FinishReason.TOOL_CALLS;
      case "length",
          "max_tokens",
          "max_length",
          "max_output_tokens",
          "max_completion_tokens",
          "model_length",
          "token_limit",
          "context_length",
          "context_length_exceeded",
          "model_context_window_exceeded",
          "error_limit" ->
          FinishReason.LENGTH;
      case "content_filter",
          "content_filtered",
          "contentfilter",
          "refusal",
          "safety",
          "image_safety",
          "recitation",
          "image_recitation",
          "blocklist",
          "prohibited_content",
          "image_prohibited_content",
          "spii",
          "sensitive",
          "guardrail_intervened",
          "error_toxic" ->
          FinishReason.CONTENT_FILTER;
      case "error",
          "abort",
          "aborted",
          "cancelled",
          "canceled",
          "timeout",
          "network_error",
          "internal_error",
          "load",
          "unload",
          "insufficient_system_resource",
          "malformed_function_call",
          "unexpected_tool_call",
          "other",
          "failed" ->
          throw ProviderException.retryable(
              ModelException.Kind.PROVIDER_FAILED, ended(provider, reason), (Throwable) null);
      default ->
          throw ProviderException.permanent(
              ModelException.Kind.PROVIDER_FAILED, ended(provider, reason));
    };
  }

  private static String ended(String provider, String reason) {
    var plain = StorableText.of(reason.strip().replaceAll("\\p{Cntrl}", " "));
    var shown = plain.length() <= LONGEST_SHOWN ? plain : plain.substring(0, LONGEST_SHOWN) + "…";
    return "The provider '%s' ended its response with the reason '%s'.".formatted(provider, shown);
  }
}
