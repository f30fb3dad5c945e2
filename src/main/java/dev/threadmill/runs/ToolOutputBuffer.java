package dev.threadmill.runs;

import dev.threadmill.api.StorableText;
import dev.threadmill.guard.ContentStream;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.tools.ToolListener;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Hears what a call tells while it is executed, and hands it on in pieces. What has been told stays
 * told: when a call is made again, by this node or after another has died, what is the same is not
 * told twice, and an answer that differs begins anew behind a line that says so.
 */
final class ToolOutputBuffer implements ToolListener {
  private static final String AGAIN = "\n[The answer broke off, and the call was made again.]\n";
  private static final long PAUSE_NANOS = Duration.ofMillis(50).toNanos();
  private static final int MOST_PROGRESS = 16_384;

  private final int place;
  private final ToolOutputFilter filter;
  private final Runnable onNews;
  private ContentStream open;
  private final StringBuilder told;
  private final StringBuilder current = new StringBuilder();
  private final StringBuilder output = new StringBuilder();
  private final StringBuilder progress = new StringBuilder();
  private String task = "";
  private boolean isBegun;
  private int base;
  private int progressed;
  private boolean isLevel;
  private boolean isNoted;
  private long next = System.nanoTime();

  /**
   * @param place of the call in its step
   * @param before what was told of it before
   * @param filter of what the call answers
   * @param onNews called when there is something to take
   */
  ToolOutputBuffer(
      int place,
      ToolCall.Partial before,
      ToolOutputFilter filter,
      Consumer<ToolOutputBuffer> onNews) {
    this.filter = filter;
    this.open = filter.open();
    this.place = place;
    this.told = new StringBuilder(before.output());
    this.progressed = before.progress().length();
    this.isBegun = !before.task().isEmpty();
    this.onNews = () -> onNews.accept(this);
  }

  int place() {
    return place;
  }

  @Override
  public synchronized void onAttempt() {
    open = filter.open();
    current.setLength(0);
    isLevel = told.length() == base;
  }

  @Override
  public synchronized void onOutput(String piece) {
    var more = open.next(piece);
    if (more.isEmpty()) {
      return;
    }
    if (isLevel) {
      add(more);
      return;
    }
    current.append(more);
    var before = told.substring(base);
    if (before.startsWith(current.toString())) {
      return;
    }
    isLevel = true;
    if (current.toString().startsWith(before)) {
      add(current.substring(before.length()));
    } else {
      base = told.length() + AGAIN.length();
      add(AGAIN + current);
    }
  }

  @Override
  public synchronized void onProgress(String more) {
    var text = filter.apply(more);
    if (!text.isEmpty() && progressed + text.length() <= MOST_PROGRESS) {
      progressed += text.length();
      progress.append(text);
      note();
    }
  }

  @Override
  public synchronized void onRemoteTask(String name) {
    if (!isBegun && !name.isEmpty()) {
      isBegun = true;
      task = StorableText.of(name);
      note();
    }
  }

  /** The whole output, of which all that was told is the beginning, if the call ends with this. */
  synchronized String completeOutput(String unfiltered) {
    var answer = filter.apply(unfiltered);
    return answer.startsWith(told.substring(base)) ? told.substring(0, base) + answer : answer;
  }

  /** How long to wait before the next piece is due; small pieces are told together. */
  synchronized Duration timeUntilDue() {
    return Duration.ofNanos(Math.max(0, next - System.nanoTime()));
  }

  /** Takes what has not been taken yet. */
  synchronized ToolCall.Partial drain() {
    var heard = new ToolCall.Partial(output.toString(), progress.toString(), task);
    task = "";
    output.setLength(0);
    progress.setLength(0);
    isNoted = false;
    next = System.nanoTime() + PAUSE_NANOS;
    return heard;
  }

  private void add(String more) {
    told.append(more);
    output.append(more);
    note();
  }

  private void note() {
    if (!isNoted) {
      isNoted = true;
      onNews.run();
    }
  }
}
