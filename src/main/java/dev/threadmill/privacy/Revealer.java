package dev.threadmill.privacy;

import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.privacy.detect.EntityKind;
import dev.threadmill.privacy.detect.Token;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;

/** Turns tokens back into what they stand for. */
@ApplicationScoped
public class Revealer {
  private static final int MAX_DEPTH = 3;

  private final Vault vault;

  Revealer(Vault vault) {
    this.vault = vault;
  }

  /**
   * A text of JSON with the tokens of these kinds turned back. A token in JSON that is itself a
   * text of JSON is escaped as often as it has to be.
   */
  public String inJson(ProjectId project, Set<EntityKind> kinds, String json) {
    var tokens = tokens(json, kinds);
    return tokens.isEmpty() ? json : replaced(json, vault.values(project, tokens, kinds));
  }

  /** The tokens of these kinds in a text. */
  static Set<String> tokens(String text, Set<EntityKind> kinds) {
    if (kinds.isEmpty() || text.indexOf('[') < 0) {
      return Set.of();
    }
    var tokens = new HashSet<String>();
    var token = Token.FORM.matcher(text);
    while (token.find()) {
      if (EntityKind.ofToken(token.group(1)).filter(kinds::contains).isPresent()) {
        tokens.add(token.group());
      }
    }
    return tokens;
  }

  /** A text of JSON with values in place of their tokens; tokens without a value stay. */
  static String replaced(String json, Map<String, String> values) {
    if (values.isEmpty()) {
      return json;
    }
    var token = Token.FORM.matcher(json);
    var replaced = new StringBuilder(json.length());
    while (token.find()) {
      var value = values.get(token.group());
      token.appendReplacement(
          replaced,
          Matcher.quoteReplacement(
              value == null ? token.group() : escaped(value, depth(json, token.start()))));
    }
    return token.appendTail(replaced).toString();
  }

  /** How many texts of JSON are around a place: the quote before it has that many backslashes. */
  private static int depth(String json, int at) {
    int quote = json.lastIndexOf('"', at);
    int backslashes = 0;
    while (quote - backslashes > 0 && json.charAt(quote - backslashes - 1) == '\\') {
      backslashes++;
    }
    int depth = 1;
    for (int left = backslashes; left > 0 && depth < MAX_DEPTH; left /= 2) {
      depth++;
    }
    return depth;
  }

  private static String escaped(String value, int depth) {
    var escaped = value;
    for (int i = 0; i < depth; i++) {
      var quoted = Json.write(escaped);
      escaped = quoted.substring(1, quoted.length() - 1);
    }
    return escaped;
  }
}
