package dev.threadmill.models.response;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelResponse.FinishReason;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ProviderException;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.models.ReasoningTags;
import dev.threadmill.models.TextToolCalls;
import dev.threadmill.models.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Folds what a provider streams into the complete response, and emits each piece as a delta. */
public final class ResponseAccumulator {
  private static final int MAX_URL = 2_000;
  private static final int MAX_TITLE = 300;
  private static final int MAX_CITED = 500;
  private static final JsonNode NO_EXTRA = JsonNodeFactory.instance.objectNode();

  private static final int MAX_ORIGIN = 256;

  private final Consumer<ModelDelta> deltas;
  private final String provider;
  private final TextBuffer text = new TextBuffer();
  private final TextBuffer refusal = new TextBuffer();
  private final TextBuffer reasoning = new TextBuffer();
  private final StringBuilder transcript = new StringBuilder();
  private final ExtraFields.Budget room = new ExtraFields.Budget();
  private final ExtraFields extra = new ExtraFields(room);
  private final ToolCallAssembler calls;
  private final ThinkTags tags;
  private final TextToolCallFilter textCalls;
  private List<ModelDelta> gathered;
  private FinishReason finish;
  private ReasoningState state;
  private Usage usage;
  private ModelResponse.Origin origin = ModelResponse.Origin.UNKNOWN;
  private boolean isAnything;
  private int citations;

  /**
   * @param request what is responded to
   * @param provider the name of the provider, for errors
   */
  public ResponseAccumulator(
      ModelRequest request,
      String provider,
      ReasoningTags reasoningTags,
      TextToolCalls textToolCalls,
      Consumer<ModelDelta> deltas) {
    this.deltas = deltas;
    this.provider = provider;
    this.calls =
        new ToolCallAssembler(
            request.functions().stream().map(FunctionSpec::name).collect(Collectors.toSet()),
            room,
            this::emit);
    this.textCalls =
        textToolCalls == TextToolCalls.NONE
            ? null
            : new TextToolCallFilter(
                textToolCalls,
                this::plainText,
                (name, arguments) -> calls.add(-1, "", name, arguments, NO_EXTRA));
    this.tags =
        new ThinkTags(
            reasoningTags,
            this::reasoning,
            textCalls == null ? this::plainText : textCalls::accept);
  }

  /** Does the work, and emits all deltas that come of it as one. Returns what the work returns. */
  public boolean batched(BooleanSupplier work) {
    var pieces = new ArrayList<ModelDelta>();
    gathered = pieces;
    try {
      return work.getAsBoolean();
    } finally {
      gathered = null;
      if (pieces.size() == 1) {
        deltas.accept(pieces.getFirst());
      } else if (!pieces.isEmpty()) {
        deltas.accept(new ModelDelta.Batch(pieces));
      }
    }
  }

  private void emit(ModelDelta delta) {
    if (gathered == null) {
      deltas.accept(delta);
    } else {
      gathered.add(delta);
    }
  }

  /**
   * Says where the response comes from; the first that is said counts.
   *
   * @param id null or empty if the provider does not say it
   * @param model null or empty if the provider does not say it
   */
  public void origin(String id, String model) {
    origin =
        new ModelResponse.Origin(
            origin.id() == null ? said(id) : origin.id(),
            origin.model() == null ? said(model) : origin.model());
  }

  private static String said(String word) {
    return word == null || word.isEmpty() || word.length() > MAX_ORIGIN ? null : word;
  }

  /** Adds text, in which reasoning and tool calls are looked for as far as the model needs it. */
  public void text(String more) {
    if (more != null && !more.isEmpty()) {
      isAnything = true;
      tags.accept(more);
    }
  }

  private void plainText(String more) {
    append(text, more, ModelDelta.Text::new);
  }

  /** Adds text of a refusal. */
  public void refusal(String more) {
    append(refusal, more, ModelDelta.Refusal::new);
  }

  /** Adds a piece of the spoken answer. */
  public void speech(ModelDelta.Speech piece) {
    isAnything = true;
    if (piece.transcript() != null) {
      transcript.append(piece.transcript());
    }
    emit(piece);
  }

  /** Adds a citation; what cannot be an address of the web, or is one too many, is left out. */
  public void citation(String url, String title, int start, int end) {
    boolean isUrl = url.startsWith("https://") || url.startsWith("http://");
    if (isUrl && url.length() <= MAX_URL && start >= 0 && start <= end && citations < MAX_CITED) {
      citations++;
      var named = title.isBlank() ? url : title;
      emit(
          new ModelDelta.Citation(
              url, named.substring(0, Math.min(named.length(), MAX_TITLE)), start, end));
    }
  }

  /** Adds reasoning. */
  public void reasoning(String more) {
    append(reasoning, more, ModelDelta.Reasoning::new);
  }

  /**
   * Adds a piece of a tool call.
   *
   * @param key the number that the provider gives the call; negative if it gives none
   * @param id empty or null if the provider gave none with this piece
   * @param name empty or null if the provider gave none with this piece
   * @param arguments the next piece of the arguments, possibly empty or null
   */
  public void toolCall(int key, String id, String name, String arguments) {
    toolCall(key, id, name, arguments, NO_EXTRA);
  }

  /**
   * As {@link #toolCall(int, String, String, String)}.
   *
   * @param more fields of the call that only the provider knows
   */
  public void toolCall(int key, String id, String name, String arguments, JsonNode more) {
    isAnything = true;
    calls.add(key, orEmpty(id), orEmpty(name), orEmpty(arguments), more);
  }

  /** Adds fields of the message that only the provider knows. */
  public void extra(JsonNode more) {
    extra.merge(more);
  }

  /** The fields of the message that only the provider knows. */
  public ObjectNode extra() {
    return extra.toJson();
  }

  /** The provider named the reason for which the response ends; null for none. */
  public void finish(FinishReason reason) {
    finish = reason == null ? finish : reason;
  }

  /** The provider marked the end of the stream, without a reason perhaps. */
  public void endOfStream() {
    if (finish == null && isAnything) {
      finish = FinishReason.STOP;
    }
  }

  /** What the provider needs back with the results of the tool calls. */
  public void state(ReasoningState wanted) {
    state = wanted;
  }

  /** The reasoning so far. */
  public String reasoning() {
    return reasoning.toString();
  }

  /** The provider's count of tokens. */
  public void usage(Usage counted) {
    usage = counted;
  }

  /** Whether neither content nor a reason for the end has arrived. */
  public boolean isEmpty() {
    return !isAnything && finish == null;
  }

  /** Whether the provider named the reason for the end, so that no more content follows. */
  public boolean isFinished() {
    return finish != null;
  }

  /** The calls as their provider made them, with its ids, and with fields that only it knows. */
  public interface CallState {
    /** The state to keep of the response; null for none. */
    ReasoningState of(List<ModelToolCall> calls, List<ObjectNode> extras);
  }

  /** The complete response. */
  public ModelResponse complete(ModelRequest request, int contextWindow) {
    return complete(request, contextWindow, (_, _) -> state);
  }

  /**
   * The complete response.
   *
   * @param contextWindow of the model, in tokens
   * @param callState what to keep of the response for its provider, if it has tool calls
   * @throws ProviderException if the provider broke off before the end
   */
  public ModelResponse complete(ModelRequest request, int contextWindow, CallState callState) {
    if (finish == null) {
      throw ProviderException.retryable(
          ModelException.Kind.PROVIDER_FAILED,
          "The provider '%s' stopped in the middle of its response.".formatted(provider),
          (Throwable) null);
    }
    tags.end();
    if (textCalls != null) {
      textCalls.end();
    }
    append(text, text.end(), ModelDelta.Text::new);
    append(refusal, refusal.end(), ModelDelta.Refusal::new);
    append(reasoning, reasoning.end(), ModelDelta.Reasoning::new);
    var assembled = calls.finish(provider);
    var made = assembled.stream().map(ToolCallAssembler.Assembled::call).toList();
    if (finish == FinishReason.STOP && !made.isEmpty()) {
      finish = FinishReason.TOOL_CALLS;
    } else if (finish == FinishReason.TOOL_CALLS && made.isEmpty()) {
      finish = FinishReason.STOP;
    }
    var wanted =
        made.isEmpty()
            ? null
            : callState.of(
                made, assembled.stream().map(ToolCallAssembler.Assembled::extra).toList());
    var counted =
        UsageCheck.of(
                request, text.toString() + transcript, orNull(refusal), orNull(reasoning), made)
            .checked(usage, contextWindow);
    return new ModelResponse(
        text.toString(), orNull(refusal), orNull(reasoning), made, wanted, finish, counted, origin);
  }

  /** The failure of a provider whose response cannot be parsed. */
  public static ProviderException malformed(String provider, Throwable cause) {
    return ProviderException.permanent(
        ModelException.Kind.PROVIDER_FAILED,
        "The response of the provider '%s' cannot be read.".formatted(provider),
        cause);
  }

  private void append(TextBuffer whole, String more, Function<String, ModelDelta> delta) {
    var added = whole.add(more);
    if (!added.isEmpty()) {
      isAnything = true;
      emit(delta.apply(added));
    }
  }

  private static String orEmpty(String text) {
    return text == null ? "" : text;
  }

  private static String orNull(TextBuffer text) {
    return text.isEmpty() ? null : text.toString();
  }
}
