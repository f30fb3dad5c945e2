package dev.threadmill.projects;

import dev.threadmill.api.ApiException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** The names of regions: a word such as {@code eu} or {@code us-east-1}, in lower case. */
public final class Regions {
  private static final Pattern NAME = Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?");

  private Regions() {}

  /** The name in lower case; empty if it is no name of a region. */
  public static Optional<String> parse(String text) {
    var lower = text.strip().toLowerCase(Locale.ROOT);
    return NAME.matcher(lower).matches() ? Optional.of(lower) : Optional.empty();
  }

  /**
   * The region in a field of a request; null stays null.
   *
   * @throws ApiException 400 if it is no name of a region
   */
  public static String checked(String param, String text) {
    if (text == null) {
      return null;
    }
    return parse(text)
        .orElseThrow(
            () ->
                ApiException.invalid(
                    param,
                    "Invalid '%s': expected a word of at most 32 letters, digits and hyphens, such as 'eu'."
                        .formatted(param)));
  }
}
