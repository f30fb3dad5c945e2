package dev.threadmill.privacy;

import dev.threadmill.api.ProjectId;
import dev.threadmill.privacy.detect.EntityKind;
import dev.threadmill.privacy.detect.Finding;
import dev.threadmill.privacy.detect.PersonalData;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** Replaces personal data in texts by tokens. */
@ApplicationScoped
public class Tokenizer {
  /** The most rows that one statement inserts. */
  private static final int MAX_ROWS = 1_000;

  private final Privacy privacy;
  private final Vault vault;
  private final Recognizer recognizer;

  Tokenizer(Privacy privacy, Vault vault, Recognizer recognizer) {
    this.privacy = privacy;
    this.vault = vault;
    this.recognizer = recognizer;
  }

  /**
   * The text with tokens, under the policy of the project; null stays null.
   *
   * @throws dev.threadmill.guard.ContentRejectedException if names cannot be recognized, as the
   *     recognizer does not answer
   */
  public String apply(ProjectId project, String text) {
    return apply(project, privacy.policy(project), () -> Vault.PROJECT, text);
  }

  /**
   * The text with tokens.
   *
   * @param owner of the values; asked for if there are any
   */
  String apply(ProjectId project, PrivacyPolicy policy, Supplier<String> owner, String text) {
    if (text == null || text.isBlank() || !policy.isOn()) {
      return text;
    }
    var findings = find(policy, text);
    return findings.isEmpty()
        ? text
        : replace(project, owner.get(), text, 0, text.length(), findings);
  }

  /**
   * A text to search with, such as a filter: as {@link #apply(ProjectId, String)}, but nothing of
   * it is stored.
   */
  public String forSearch(ProjectId project, String text) {
    var policy = privacy.policy(project);
    if (text == null || text.isBlank() || !policy.isOn()) {
      return text;
    }
    var findings = find(policy, text);
    return findings.isEmpty()
        ? text
        : replaced(text, 0, text.length(), findings, vault.names(project, values(text, findings)));
  }

  /**
   * The texts with tokens, in their order; null stays null. The vault is written once for all.
   *
   * @throws dev.threadmill.guard.ContentRejectedException as {@link #apply(ProjectId, String)}
   */
  public List<String> applyAll(ProjectId project, List<String> texts) {
    var policy = privacy.policy(project);
    if (!policy.isOn()) {
      return texts;
    }
    var found = new ArrayList<List<Finding>>();
    var values = new LinkedHashSet<Vault.Value>();
    for (var text : texts) {
      var findings = text == null ? List.<Finding>of() : find(policy, text);
      findings.forEach(finding -> values.add(value(text, finding)));
      found.add(findings);
    }
    var all = List.copyOf(values);
    for (int from = 0; from < all.size(); from += MAX_ROWS) {
      vault.tokens(
          project, Vault.PROJECT, all.subList(from, Math.min(all.size(), from + MAX_ROWS)));
    }
    var passed = new ArrayList<String>();
    for (int i = 0; i < texts.size(); i++) {
      var text = texts.get(i);
      passed.add(
          found.get(i).isEmpty()
              ? text
              : replace(project, Vault.PROJECT, text, 0, text.length(), found.get(i)));
    }
    return passed;
  }

  private List<Finding> find(PrivacyPolicy policy, String text) {
    var names =
        policy.kinds().contains(EntityKind.NAME) ? recognizer.names(text) : List.<Finding>of();
    return PersonalData.find(text, policy.kinds(), names);
  }

  /**
   * A part of a text with tokens.
   *
   * @param findings those within the part, in their order
   */
  String replace(
      ProjectId project, String owner, String text, int from, int to, List<Finding> findings) {
    return replaced(text, from, to, findings, vault.tokens(project, owner, values(text, findings)));
  }

  private static Set<Vault.Value> values(String text, List<Finding> findings) {
    Set<Vault.Value> values = new LinkedHashSet<>();
    findings.forEach(finding -> values.add(value(text, finding)));
    return values;
  }

  private static String replaced(
      String text, int from, int to, List<Finding> findings, Map<Vault.Value, String> tokens) {
    var replaced = new StringBuilder(to - from);
    int at = from;
    for (var finding : findings) {
      replaced.append(text, at, finding.start()).append(tokens.get(value(text, finding)));
      at = finding.end();
    }
    return replaced.append(text, at, to).toString();
  }

  private static Vault.Value value(String text, Finding finding) {
    var written = text.substring(finding.start(), finding.end());
    // A secret may have any characters, so none of them is an encoding for sure.
    return new Vault.Value(
        finding.kind(),
        finding.kind() == EntityKind.SECRET ? written : PersonalData.plain(written));
  }
}
