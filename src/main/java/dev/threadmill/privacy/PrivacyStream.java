package dev.threadmill.privacy;

import dev.threadmill.api.ProjectId;
import dev.threadmill.guard.ContentStream;
import dev.threadmill.privacy.detect.EntityKind;
import dev.threadmill.privacy.detect.PersonalData;
import dev.threadmill.privacy.detect.Undecided;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Replaces personal data in a stream. What may become personal data is held back: in prose the last
 * word, behind a number or a street what may belong to it. A token is never cut either.
 */
final class PrivacyStream implements ContentStream {
  private final Tokenizer tokenizer;
  private final ProjectId project;
  private final Set<EntityKind> kinds;
  private final Supplier<String> owner;

  /** What has passed last, as it came in: it may say what follows. */
  private String context = "";

  private final StringBuilder held = new StringBuilder();

  PrivacyStream(
      Tokenizer tokenizer, ProjectId project, Set<EntityKind> kinds, Supplier<String> owner) {
    this.tokenizer = tokenizer;
    this.project = project;
    this.kinds = kinds;
    this.owner = owner;
  }

  @Override
  public String next(String piece) {
    held.append(piece);
    return pass(false);
  }

  @Override
  public String end() {
    return pass(true);
  }

  private String pass(boolean isLast) {
    if (held.isEmpty()) {
      return "";
    }
    var text = context + held;
    int from = context.length();
    var findings = PersonalData.find(text, kinds);
    int to = isLast ? text.length() : Math.max(from, Undecided.from(text, findings));
    int end = to;
    var within =
        findings.stream()
            .filter(finding -> finding.start() >= from && finding.end() <= end)
            .toList();
    var passed =
        within.isEmpty()
            ? text.substring(from, to)
            : tokenizer.replace(project, owner.get(), text, from, to, within);
    context = text.substring(Math.max(0, to - PersonalData.CONTEXT), to);
    held.delete(0, to - from);
    return passed;
  }
}
