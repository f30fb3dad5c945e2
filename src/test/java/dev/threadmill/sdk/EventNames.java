package dev.threadmill.sdk;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The order of events that clients expect; consecutive deltas count once. */
final class EventNames {
  static final List<String> BEGIN =
      List.of("thread.run.created", "thread.run.queued", "thread.run.in_progress");

  static final List<String> MESSAGE_BEGINS =
      List.of(
          "thread.run.step.created",
          "thread.run.step.in_progress",
          "thread.message.created",
          "thread.message.in_progress",
          "thread.message.delta");

  static final List<String> MESSAGE =
      concat(MESSAGE_BEGINS, "thread.message.completed", "thread.run.step.completed");

  static final List<String> CALLS =
      List.of(
          "thread.run.step.created",
          "thread.run.step.in_progress",
          "thread.run.step.delta",
          "thread.run.requires_action");

  static final List<String> RESUMED =
      List.of("thread.run.step.completed", "thread.run.queued", "thread.run.in_progress");

  private EventNames() {}

  static List<String> concat(List<String> first, List<String> second, String... rest) {
    var all = new ArrayList<>(first);
    all.addAll(second);
    all.addAll(Arrays.asList(rest));
    return List.copyOf(all);
  }

  static List<String> concat(List<String> first, String... rest) {
    return concat(first, List.of(), rest);
  }
}
