package dev.threadmill.guard;

import dev.threadmill.models.ModelDelta;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Applies the content filters to the answer of a model while it is streamed. Text, refusal,
 * reasoning and the arguments of each call are filtered as separate streams. The start of a part
 * ends the previous one, so text that a filter held back is published before the next part.
 */
public final class FilteredAnswer implements Consumer<ModelDelta> {
  private final ContentGate gate;
  private final ContentSource source;
  private final Consumer<ModelDelta> next;
  private final Map<Integer, ContentStream> arguments = new HashMap<>();
  private Function<String, ModelDelta> part;
  private Class<?> kind;
  private ContentStream open;

  /**
   * @param next receives what may pass
   */
  public FilteredAnswer(ContentGate gate, ContentSource source, Consumer<ModelDelta> next) {
    this.gate = gate;
    this.source = source;
    this.next = next;
  }

  @Override
  public void accept(ModelDelta delta) {
    if (delta instanceof ModelDelta.Batch(var pieces)) {
      var passed = new ArrayList<ModelDelta>(pieces.size());
      pieces.forEach(piece -> filter(piece, passed));
      publish(passed);
    } else {
      var passed = new ArrayList<ModelDelta>(1);
      filter(delta, passed);
      publish(passed);
    }
  }

  /** Ends the answer: text that was held back is filtered and published. */
  public void complete() {
    var passed = new ArrayList<ModelDelta>();
    endPart(passed);
    arguments.forEach(
        (index, stream) ->
            add(stream.end(), piece -> new ModelDelta.ToolCallArguments(index, piece), passed));
    arguments.clear();
    publish(passed);
  }

  private void publish(List<ModelDelta> deltas) {
    switch (deltas.size()) {
      case 0 -> {}
      case 1 -> next.accept(deltas.getFirst());
      default -> next.accept(new ModelDelta.Batch(deltas));
    }
  }

  private void filter(ModelDelta delta, List<ModelDelta> passed) {
    switch (delta) {
      case ModelDelta.Text(var piece) ->
          filter(ModelDelta.Text.class, ModelDelta.Text::new, piece, passed);
      case ModelDelta.Refusal(var piece) ->
          filter(ModelDelta.Refusal.class, ModelDelta.Refusal::new, piece, passed);
      case ModelDelta.Reasoning(var piece) ->
          filter(ModelDelta.Reasoning.class, ModelDelta.Reasoning::new, piece, passed);
      case ModelDelta.ToolCallStarted(var index, var name) -> {
        endPart(passed);
        passed.add(new ModelDelta.ToolCallStarted(index, gate.apply(source, name)));
      }
      case ModelDelta.ToolCallArguments(var index, var piece) -> {
        endPart(passed);
        var stream = arguments.computeIfAbsent(index, _ -> gate.open(source));
        add(stream.next(piece), rest -> new ModelDelta.ToolCallArguments(index, rest), passed);
      }
      case ModelDelta.Batch(var pieces) -> pieces.forEach(piece -> filter(piece, passed));
    }
  }

  private void filter(
      Class<?> wanted, Function<String, ModelDelta> delta, String piece, List<ModelDelta> passed) {
    if (kind != wanted) {
      endPart(passed);
      kind = wanted;
      part = delta;
      open = gate.open(source);
    }
    add(open.next(piece), part, passed);
  }

  private void endPart(List<ModelDelta> passed) {
    if (open != null) {
      add(open.end(), part, passed);
      open = null;
      kind = null;
    }
  }

  private static void add(
      String text, Function<String, ModelDelta> delta, List<ModelDelta> passed) {
    if (!text.isEmpty()) {
      passed.add(delta.apply(text));
    }
  }
}
