package dev.threadmill.models.http;

import dev.threadmill.models.ProviderConfig;
import java.net.URI;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes the words of a provider fit for clients: without keys, and without addresses that only the
 * operator may know. A key is masked only as a whole word of some length: short keys, such as
 * "ollama", are names that occur in other places.
 */
final class SafeText {
  private static final int SHORTEST_KEY = 12;
  private static final int LONGEST_MESSAGE = 500;
  private static final Pattern ADDRESS = Pattern.compile("https?://([^\\s/:\"'<>]+)\\S*");
  private static final Pattern KEY =
      Pattern.compile(
          "(?<![A-Za-z0-9_-])(?:(?:sk|pk|gsk|key|xai|hf|nvapi|AIza)[-_][A-Za-z0-9_*.-]{12,}"
              + "|AIza[A-Za-z0-9_-]{20,})");
  private static final Pattern PRIVATE_HOST =
      Pattern.compile(
          "[0-9.]+|\\[.*|localhost|[^.]+|.*\\.(?:local|internal|svc|lan|intranet|corp)");

  private final Pattern apiKey;
  private final String host;

  SafeText(ProviderConfig provider) {
    this.apiKey =
        provider
            .apiKey()
            .filter(key -> key.length() >= SHORTEST_KEY)
            .map(
                key ->
                    Pattern.compile(
                        "(?<![A-Za-z0-9_-])" + Pattern.quote(key) + "(?![A-Za-z0-9_-])"))
            .orElse(null);
    this.host =
        provider
            .baseUrl()
            .map(url -> URI.create(url).getHost())
            .map(name -> name.toLowerCase(Locale.ROOT))
            .orElse("");
  }

  /** The text on one line, masked and bounded. */
  String of(String message) {
    var plain = message.strip().replaceAll("\\s+", " ").replaceAll("\\p{Cntrl}", "");
    if (apiKey != null) {
      plain = apiKey.matcher(plain).replaceAll("[key]");
    }
    plain = KEY.matcher(plain).replaceAll("[key]");
    plain = ADDRESS.matcher(plain).replaceAll(this::address);
    if (plain.length() <= LONGEST_MESSAGE) {
      return plain;
    }
    int end =
        Character.isHighSurrogate(plain.charAt(LONGEST_MESSAGE - 1))
            ? LONGEST_MESSAGE - 1
            : LONGEST_MESSAGE;
    return plain.substring(0, end) + "…";
  }

  private String address(MatchResult address) {
    var named = address.group(1).toLowerCase(Locale.ROOT);
    boolean isPrivate = named.equals(host) || PRIVATE_HOST.matcher(named).matches();
    return isPrivate ? "[address]" : Matcher.quoteReplacement(address.group());
  }
}
