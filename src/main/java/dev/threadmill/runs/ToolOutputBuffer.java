package dev.threadmill.runs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.threadmill.api.StorableText;
import dev.threadmill.guard.ContentRejectedException;
import dev.threadmill.guard.ContentStream;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.tools.ToolListener;
import dev.threadmill.tools.ToolResult;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Buffers the output of a call while it is executed, and passes it on in pieces. What was published
 * stays published: when the call is repeated, by this node or after a takeover, output that is the
 * same is not published twice, and output that differs starts again after a line that states this.
 */
final class ToolOutputBuffer implements ToolListener {
  private static final String AGAIN =
      "\n[The output was interrupted, and the call was repeated.]\n";
  private static final long INTERVAL_NANOS = Duration.ofMillis(50).toNanos();
  private static final int MAX_PROGRESS = 16_384;

  private final int index;
  private final ToolOutputFilter filter;
  private final Runnable notifyOutput;
  private ContentStream filtered;
  private final StringBuilder published;
  private final StringBuilder current = new StringBuilder();
  private final StringBuilder output = new StringBuilder();
  private final StringBuilder progress = new StringBuilder();
  private String task = "";
  private boolean isTaskKnown;
  private int base;
  private int progressLength;
  private boolean isCaughtUp;
  private boolean isNotified;
  private ContentRejectedException rejection;
  private long next = System.nanoTime();

  /**
   * @param index of the call in its step
   * @param before what was published of it before
   * @param filter for the output of the call
   * @param onOutput called when there is something to drain
   */
  ToolOutputBuffer(
      int index,
      ToolCall.Partial before,
      ToolOutputFilter filter,
      Consumer<ToolOutputBuffer> onOutput) {
    this.filter = filter;
    this.filtered = filter.open();
    this.index = index;
    this.published = new StringBuilder(before.output());
    this.progressLength = before.progress().length();
    this.isTaskKnown = !before.task().isEmpty();
    this.notifyOutput = () -> onOutput.accept(this);
  }

  /** The index of the call in its step. */
  int index() {
    return index;
  }

  @Override
  public synchronized void onAttempt() {
    filtered = filter.open();
    rejection = null;
    current.setLength(0);
    isCaughtUp = published.length() == base;
  }

  @Override
  public synchronized void onOutput(String piece) {
    var more = rejection == null ? next(piece) : "";
    if (more.isEmpty()) {
      return;
    }
    if (isCaughtUp) {
      add(more);
      return;
    }
    current.append(more);
    var before = published.substring(base);
    if (before.startsWith(current.toString())) {
      return;
    }
    isCaughtUp = true;
    if (current.toString().startsWith(before)) {
      add(current.substring(before.length()));
    } else {
      base = published.length() + AGAIN.length();
      add(AGAIN + current);
    }
  }

  /** What passes of a piece of output. A rejected one ends the output; the tool goes on. */
  private String next(String piece) {
    try {
      return filtered.next(piece);
    } catch (ContentRejectedException e) {
      rejection = e;
      return "";
    }
  }

  /** Progress that a filter rejects is not shown. */
  private String passedProgress(String more) {
    try {
      return filter.apply(more);
    } catch (ContentRejectedException e) {
      return "";
    }
  }

  @Override
  public synchronized void onProgress(String more) {
    var text = passedProgress(more);
    if (!text.isEmpty() && progressLength + text.length() <= MAX_PROGRESS) {
      progressLength += text.length();
      progress.append(text);
      notifyOnce();
    }
  }

  @Override
  public synchronized void onRemoteTask(String name) {
    if (!isTaskKnown && !name.isEmpty()) {
      isTaskKnown = true;
      task = StorableText.of(name);
      notifyOnce();
    }
  }

  /**
   * The whole output of a call that ends with this answer; it begins with what was published.
   *
   * @throws ContentRejectedException if a filter rejects it, or has rejected a piece of it
   */
  synchronized String completeOutput(String unfiltered) {
    if (rejection != null) {
      throw rejection;
    }
    var answer = filter.apply(unfiltered);
    return answer.startsWith(published.substring(base))
        ? published.substring(0, base) + answer
        : answer;
  }

  /**
   * The parts of a result that are not text, with each text in them filtered like the output. Null
   * if there are none.
   *
   * @throws ContentRejectedException if a filter rejects one
   */
  ToolCall.ResultParts parts(ToolResult.Succeeded result) {
    if (result.details().isEmpty() && result.citations().isEmpty()) {
      return null;
    }
    return new ToolCall.ResultParts(
        result.details().stream()
            .map(
                detail ->
                    new ToolResult.Detail(
                        detail.type(), filtered(detail.mimeType()), filtered(detail.data())))
            .toList(),
        result.citations().stream()
            .map(
                citation ->
                    new ToolResult.Citation(filtered(citation.uri()), filtered(citation.title())))
            .toList());
  }

  private String filtered(String text) {
    return text == null ? null : filter.apply(StorableText.of(text));
  }

  private JsonNode filtered(JsonNode data) {
    return switch (data) {
      case null -> null;
      case TextNode text -> TextNode.valueOf(filtered(text.textValue()));
      case ArrayNode list -> {
        var copy = list.arrayNode();
        list.forEach(each -> copy.add(filtered(each)));
        yield copy;
      }
      case ObjectNode object -> {
        var copy = object.objectNode();
        object
            .properties()
            .forEach(field -> copy.set(filtered(field.getKey()), filtered(field.getValue())));
        yield copy;
      }
      // Such numbers are no JSON.
      case DoubleNode number when !Double.isFinite(number.doubleValue()) -> NullNode.getInstance();
      default -> data;
    };
  }

  /** How long until the next piece is due; small pieces are published together. */
  synchronized Duration timeUntilDue() {
    return Duration.ofNanos(Math.max(0, next - System.nanoTime()));
  }

  /** Returns and removes what is buffered. */
  synchronized ToolCall.Partial drain() {
    var partial = new ToolCall.Partial(output.toString(), progress.toString(), task);
    task = "";
    output.setLength(0);
    progress.setLength(0);
    isNotified = false;
    next = System.nanoTime() + INTERVAL_NANOS;
    return partial;
  }

  private void add(String more) {
    published.append(more);
    output.append(more);
    notifyOnce();
  }

  private void notifyOnce() {
    if (!isNotified) {
      isNotified = true;
      notifyOutput.run();
    }
  }
}
