package dev.threadmill.guard;

import java.util.Locale;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Removes elements of HTML that a page does not show but a model reads: those with the attribute
 * {@code hidden}, those that a style of their own hides, and templates. An element that is not
 * closed hides all that follows, as in a browser.
 */
final class HiddenElements {
  private static final int MAX_ATTRIBUTES = 4_000;

  private static final Pattern OPENING =
      Pattern.compile("<([a-zA-Z][a-zA-Z0-9-]{0,30})(?=[\\s/>])([^<>]{0," + MAX_ATTRIBUTES + "})>");

  /** An attribute and its value, in quotes that JSON within a text may escape. */
  private static final Pattern ATTRIBUTE =
      Pattern.compile(
          "([^\\s\"'=<>/\\\\]+)(?:\\s*=\\s*(?:\\\\*\"([^\"]*)\"|\\\\*'([^']*)'|([^\\s\"'>]+)))?");

  private static final Pattern HIDING_STYLE =
      Pattern.compile(
          "(?i)display\\s*:\\s*none|visibility\\s*:\\s*(?:hidden|collapse)"
              + "|(?:opacity|font-size)\\s*:\\s*0(?![.]?[0-9]*[1-9])");

  private static final String TEMPLATE = "template";

  private HiddenElements() {}

  /**
   * The text without such elements.
   *
   * @param withheld is called if there was one
   */
  static String removed(String text, Runnable withheld) {
    if (text.indexOf('<') < 0) {
      return text;
    }
    var opening = OPENING.matcher(text);
    StringBuilder shown = null;
    int from = 0;
    for (int at = 0; opening.find(at); at = Math.max(from, opening.end())) {
      boolean isHidden = opening.group(1).equalsIgnoreCase(TEMPLATE) || isHiding(opening.group(2));
      if (!isHidden) {
        continue;
      }
      shown = shown == null ? new StringBuilder(text.length()) : shown;
      shown.append(text, from, opening.start());
      from =
          opening.group(2).endsWith("/")
              ? opening.end()
              : endOf(opening.group(1), text, opening.end());
      withheld.run();
    }
    return shown == null ? text : shown.append(text, from, text.length()).toString();
  }

  private static boolean isHiding(String attributes) {
    return ATTRIBUTE
        .matcher(attributes)
        .results()
        .anyMatch(
            attribute ->
                switch (attribute.group(1).toLowerCase(Locale.ROOT)) {
                  case "hidden" ->
                      !value(attribute).toLowerCase(Locale.ROOT).contains("until-found");
                  case "style" -> HIDING_STYLE.matcher(value(attribute)).find();
                  default -> false;
                });
  }

  private static String value(MatchResult attribute) {
    return Stream.of(attribute.group(2), attribute.group(3), attribute.group(4))
        .filter(Objects::nonNull)
        .findFirst()
        .orElse("");
  }

  /** The end of an element, behind its closing tag; that of the text if it has none. */
  private static int endOf(String name, String text, int from) {
    var tag =
        Pattern.compile(
                "<(/?)" + Pattern.quote(name) + "(?=[\\s/>])[^<>]*>", Pattern.CASE_INSENSITIVE)
            .matcher(text);
    int depth = 1;
    for (int at = from; tag.find(at); at = tag.end()) {
      depth += tag.group(1).isEmpty() ? 1 : -1;
      if (depth == 0) {
        return tag.end();
      }
    }
    return text.length();
  }
}
