package dev.threadmill.models;

import dev.threadmill.api.StorableText;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Folds what a provider streams into the whole answer, and tells each piece on. Tool calls are
 * numbered here, in the order in which they begin: providers skip numbers, repeat them or have
 * none.
 */
public final class ResponseAccumulator {
  private static final int MOST_CALLS = 1_024;

  private final Consumer<ModelDelta> deltas;
  private final TextBuffer text = new TextBuffer();
  private final TextBuffer refusal = new TextBuffer();
  private final TextBuffer reasoning = new TextBuffer();
  private final List<Call> calls = new ArrayList<>();
  private List<ModelDelta> gathered;
  private ModelResponse.FinishReason finish;
  private ReasoningState thoughts;
  private Usage usage;

  /** A tool call in the making. */
  private static final class Call {
    private final int key;
    private String id;
    private String name;
    private final TextBuffer arguments = new TextBuffer();

    Call(int key, String id) {
      this.key = key;
      this.id = id;
    }
  }

  public ResponseAccumulator(Consumer<ModelDelta> deltas) {
    this.deltas = deltas;
  }

  /** Takes what has come in one go, and tells it on in one go. Returns what the work returns. */
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

  public void text(String more) {
    append(text, more, ModelDelta.Text::new);
  }

  public void refusal(String more) {
    append(refusal, more, ModelDelta.Refusal::new);
  }

  public void reasoning(String more) {
    append(reasoning, more, ModelDelta.Reasoning::new);
  }

  /**
   * More of a tool call.
   *
   * @param key the provider's number of the call; negative if it gave none, which means the call
   *     begun last, unless the id is a new one
   * @param id empty or null if the provider gave none with this piece
   * @param name empty or null if the provider gave none with this piece
   * @param arguments the next piece of the arguments, possibly empty or null
   */
  public void toolCall(int key, String id, String name, String arguments) {
    var call = callOf(key, id == null ? "" : id, name == null ? "" : name);
    int index = calls.indexOf(call);
    if (call.name == null && name != null && !name.isEmpty()) {
      call.name = StorableText.of(name);
      emit(new ModelDelta.ToolCallStarted(index, call.name));
      if (!call.arguments.isEmpty()) {
        emit(new ModelDelta.ToolCallArguments(index, call.arguments.toString()));
      }
    }
    var added = call.arguments.add(arguments);
    if (!added.isEmpty() && call.name != null) {
      emit(new ModelDelta.ToolCallArguments(index, added));
    }
  }

  private Call callOf(int key, String id, String name) {
    for (var call : calls.reversed()) {
      boolean same = key < 0 || call.key == key;
      boolean otherId = !call.id.isEmpty() && !call.id.equals(id) && !(key >= 0 && id.isEmpty());
      // Some servers make up an id for each piece; only a piece with a name begins a call.
      boolean another = otherId && !name.isEmpty();
      if (same && !another && !(key < 0 && id.isEmpty() && !name.isEmpty())) {
        call.id = call.id.isEmpty() ? id : call.id;
        return call;
      }
    }
    if (calls.size() == MOST_CALLS) {
      throw ProviderException.permanent(
          ModelException.Kind.PROVIDER_FAILED, "The model called too many tools at once.");
    }
    var call = new Call(key, id);
    calls.add(call);
    return call;
  }

  public void finish(ModelResponse.FinishReason reason) {
    finish = reason;
  }

  /** What the provider wants back with the results of the tool calls. */
  public void thoughts(ReasoningState wanted) {
    thoughts = wanted;
  }

  /** What the model has thought so far. */
  public String reasoning() {
    return reasoning.toString();
  }

  public void usage(Usage counted) {
    usage = counted;
  }

  /** Whether the provider has said why it stopped, so that nothing more of the answer comes. */
  public boolean isFinished() {
    return finish != null;
  }

  /**
   * The whole answer.
   *
   * @throws ProviderException if the provider broke off before the end
   */
  public ModelResponse complete(ModelRequest request, String provider) {
    if (finish == null) {
      throw ProviderException.retryable(
          ModelException.Kind.PROVIDER_FAILED,
          "The provider '%s' stopped in the middle of its answer.".formatted(provider),
          (Throwable) null);
    }
    append(text, text.end(), ModelDelta.Text::new);
    append(refusal, refusal.end(), ModelDelta.Refusal::new);
    append(reasoning, reasoning.end(), ModelDelta.Reasoning::new);
    var made = new ArrayList<ModelToolCall>();
    for (var call : calls) {
      if (call.name == null) {
        throw malformed(provider, null);
      }
      var rest = call.arguments.end();
      if (!rest.isEmpty() || call.arguments.isEmpty()) {
        toolCall(call.key, call.id, null, rest.isEmpty() ? "{}" : rest);
      }
      made.add(new ModelToolCall(call.id, call.name, call.arguments.toString()));
    }
    if (finish == ModelResponse.FinishReason.STOP && !made.isEmpty()) {
      finish = ModelResponse.FinishReason.TOOL_CALLS;
    } else if (finish == ModelResponse.FinishReason.TOOL_CALLS && made.isEmpty()) {
      finish = ModelResponse.FinishReason.STOP;
    }
    var told = text.toString();
    var refused = orNull(refusal);
    var thought = orNull(reasoning);
    if (usage == null) {
      usage =
          new Usage(
              TokenCounter.count(request),
              TokenCounter.countAnswer(told, refused, thought, made),
              TokenCounter.count(thought));
    }
    var wanted = made.isEmpty() ? null : thoughts;
    return new ModelResponse(told, refused, thought, made, wanted, finish, usage);
  }

  /** The failure of a provider whose answer makes no sense. */
  public static ProviderException malformed(String provider, Throwable cause) {
    return ProviderException.permanent(
        ModelException.Kind.PROVIDER_FAILED,
        "The provider '%s' answered what cannot be read.".formatted(provider),
        cause);
  }

  private void append(TextBuffer whole, String more, Function<String, ModelDelta> delta) {
    var added = whole.add(more);
    if (!added.isEmpty()) {
      emit(delta.apply(added));
    }
  }

  private static String orNull(TextBuffer text) {
    return text.isEmpty() ? null : text.toString();
  }
}
