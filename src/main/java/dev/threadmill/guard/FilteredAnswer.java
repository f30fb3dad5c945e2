package dev.threadmill.guard;

import dev.threadmill.models.ModelDelta;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Applies the content filters to the answer of a model while it is streamed. Text, refusal,
 * reasoning and the arguments of each call are filtered as separate streams. The start of a part
 * ends the previous one, so text that a filter held back is published before the next part. Once a
 * filter has rejected a text, nothing more of the answer passes.
 */
public final class FilteredAnswer implements Consumer<ModelDelta> {
  /** Longest sound that waits for its transcript to pass, in characters of base64. */
  private static final int MAX_HELD_SOUND = 32 << 20;

  private static final String CHANGED = "a text that is spoken, and cannot be changed.";

  private final ContentGate gate;
  private final ContentSource source;
  private final Consumer<ModelDelta> next;
  private final Map<Integer, ContentStream> arguments = new HashMap<>();
  private final List<ModelDelta.Speech> heldSpeech = new ArrayList<>();

  /** They wait for the text that they refer to. */
  private final List<ModelDelta.Citation> heldCitations = new ArrayList<>();

  /** The transcript from the place up to which the filters have let it pass. */
  private final StringBuilder unpassed = new StringBuilder();

  private ContentStream transcript;
  private int heldSound;
  private Function<String, ModelDelta> part;
  private Class<?> kind;
  private ContentStream open;
  private ContentRejectedException rejection;

  /**
   * @param next receives what may pass
   */
  public FilteredAnswer(ContentGate gate, ContentSource source, Consumer<ModelDelta> next) {
    this.gate = gate;
    this.source = source;
    this.next = next;
  }

  /**
   * @throws ContentRejectedException if a filter rejects it, or has rejected a piece before
   */
  @Override
  public void accept(ModelDelta delta) {
    rejecting(() -> acceptPiece(delta));
  }

  /** The rejection by which the answer ended; empty if none. */
  public Optional<ContentRejectedException> rejection() {
    return Optional.ofNullable(rejection);
  }

  private void rejecting(Runnable work) {
    if (rejection != null) {
      throw rejection;
    }
    try {
      work.run();
    } catch (ContentRejectedException e) {
      rejection = e;
      throw e;
    }
  }

  private void acceptPiece(ModelDelta delta) {
    var passed = new ArrayList<ModelDelta>();
    try {
      filter(delta, passed);
    } finally {
      // What has passed before a rejected piece of a batch stays valid.
      publish(passed);
    }
  }

  /**
   * Ends the answer: text that was held back is filtered and published.
   *
   * @throws ContentRejectedException if a filter rejects it, or has rejected a piece before
   */
  public void complete() {
    rejecting(this::endAll);
  }

  private void endAll() {
    var passed = new ArrayList<ModelDelta>();
    try {
      endPart(passed);
      releaseCitations(passed);
      endSpeech(passed);
      arguments.forEach(
          (index, stream) ->
              add(stream.end(), piece -> new ModelDelta.ToolCallArguments(index, piece), passed));
      arguments.clear();
    } finally {
      publish(passed);
    }
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
        releaseCitations(passed);
        passed.add(new ModelDelta.ToolCallStarted(index, gate.apply(source, name)));
      }
      case ModelDelta.ToolCallArguments(var index, var piece) -> {
        endPart(passed);
        var stream = arguments.computeIfAbsent(index, _ -> gate.open(source));
        add(stream.next(piece), rest -> new ModelDelta.ToolCallArguments(index, rest), passed);
      }
      case ModelDelta.Speech piece -> speech(piece, passed);
      case ModelDelta.Citation citation -> heldCitations.add(citation);
      case ModelDelta.Batch(var pieces) -> pieces.forEach(piece -> filter(piece, passed));
    }
  }

  /**
   * What is spoken cannot be changed: where a filter changes the transcript, it is rejected.
   * Nothing says which part of the transcript a piece of sound has, which may come later: with
   * filters, all is held back until the end.
   */
  private void speech(ModelDelta.Speech piece, List<ModelDelta> passed) {
    endPart(passed);
    heldSpeech.add(piece);
    heldSound += piece.data() == null ? 0 : piece.data().length();
    if (heldSound > MAX_HELD_SOUND) {
      throw new ContentRejectedException("more is spoken than can be held back for a filter.");
    }
    if (piece.transcript() != null) {
      transcript = transcript == null ? gate.open(source) : transcript;
      unpassed.append(piece.transcript());
      requireSpoken(transcript.next(piece.transcript()));
    }
    if (unpassed.isEmpty() && !gate.isFiltered(source)) {
      releaseSpeech(passed);
    }
  }

  private void endSpeech(List<ModelDelta> passed) {
    if (transcript != null) {
      requireSpoken(transcript.end());
      transcript = null;
      if (!unpassed.isEmpty()) {
        throw new ContentRejectedException(CHANGED);
      }
    }
    releaseSpeech(passed);
  }

  /** Compares what the filters let pass with what is spoken. */
  private void requireSpoken(String more) {
    if (more.length() > unpassed.length()
        || !more.contentEquals(unpassed.subSequence(0, more.length()))) {
      throw new ContentRejectedException(CHANGED);
    }
    unpassed.delete(0, more.length());
  }

  /** A citation that a filter would change or reject is left out: the text stays as it is. */
  private void releaseCitations(List<ModelDelta> passed) {
    for (var citation : heldCitations) {
      try {
        if (gate.apply(source, citation.url()).equals(citation.url())) {
          passed.add(
              new ModelDelta.Citation(
                  citation.url(),
                  gate.apply(source, citation.title()),
                  citation.start(),
                  citation.end()));
        }
      } catch (ContentRejectedException e) {
        // It is left out.
      }
    }
    heldCitations.clear();
  }

  private void releaseSpeech(List<ModelDelta> passed) {
    passed.addAll(heldSpeech);
    heldSpeech.clear();
    heldSound = 0;
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
