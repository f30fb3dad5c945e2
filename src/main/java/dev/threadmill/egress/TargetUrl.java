package dev.threadmill.egress;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A URL whose host every parser reads alike: http or https, a host in plain ASCII, no user before
 * it, and no number that only some parsers read as an address.
 *
 * @param uri without a fragment
 * @param host in lower case, without a dot at the end; IPv6 in brackets
 */
record TargetUrl(URI uri, String host) {
  private static final int LONGEST = 8192;
  private static final Pattern NAME =
      Pattern.compile(
          "(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
              + "(?:\\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*");
  private static final Pattern NUMERIC_LABEL = Pattern.compile("[0-9]+|0x[0-9a-f]*");
  private static final Pattern QUAD_PART = Pattern.compile("0|[1-9][0-9]{0,2}");
  private static final Pattern BRACKETED = Pattern.compile("\\[[0-9a-f:.]+\\]");

  /**
   * Reads an address.
   *
   * @throws HttpFailure if it is none
   */
  static TargetUrl parse(String text) throws EgressException {
    if (text.length() > LONGEST) {
      throw EgressException.refused("The address is longer than %d characters.".formatted(LONGEST));
    }
    try {
      return of(new URI(text));
    } catch (URISyntaxException e) {
      throw EgressException.refused("The address is not a URL in plain ASCII.");
    }
  }

  static TargetUrl of(URI uri) throws EgressException {
    var scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw EgressException.refused("Only http and https addresses can be called.");
    }
    if (uri.getRawUserInfo() != null) {
      throw EgressException.refused("An address must not name a user before its host.");
    }
    if (uri.getHost() == null) {
      throw EgressException.refused("The address has no unambiguous host.");
    }
    if (uri.getPort() == 0 || uri.getPort() > 65_535) {
      throw EgressException.refused("The address has no valid port.");
    }
    var host = uri.getHost().toLowerCase(Locale.ROOT);
    if (host.endsWith(".")) {
      host = host.substring(0, host.length() - 1);
    }
    if (!isUnambiguous(host)) {
      throw EgressException.refused("The address has no unambiguous host.");
    }
    return new TargetUrl(rebuilt(uri, scheme, host), host);
  }

  /** Whether this is an IPv4 address in the form that all parsers read alike. */
  static boolean isDottedQuad(String host) {
    var parts = host.split("\\.", -1);
    if (parts.length != 4) {
      return false;
    }
    for (var part : parts) {
      if (!QUAD_PART.matcher(part).matches() || Integer.parseInt(part) > 255) {
        return false;
      }
    }
    return true;
  }

  boolean isSecure() {
    return uri.getScheme().equals("https");
  }

  /** Whether both have the same origin, so that credentials for one may go to the other. */
  boolean sameOrigin(TargetUrl other) {
    return uri.getScheme().equals(other.uri.getScheme())
        && host.equals(other.host)
        && port() == other.port();
  }

  /** The path and the query, as they are sent. */
  String pathAndQuery() {
    return uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
  }

  /** Scheme, host and port, which may be shown: they hold no secret. */
  String origin() {
    return uri.getScheme() + "://" + host + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
  }

  int port() {
    return uri.getPort() >= 0 ? uri.getPort() : isSecure() ? 443 : 80;
  }

  private static boolean isUnambiguous(String host) {
    if (host.startsWith("[")) {
      return BRACKETED.matcher(host).matches();
    }
    var lastLabel = host.substring(host.lastIndexOf('.') + 1);
    return NUMERIC_LABEL.matcher(lastLabel).matches()
        ? isDottedQuad(host)
        : NAME.matcher(host).matches();
  }

  /** Rebuilt from its parts, so that the URL that was checked is the one that is called. */
  private static URI rebuilt(URI uri, String scheme, String host) throws EgressException {
    var path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    var query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    var port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
    try {
      return new URI(scheme + "://" + host + port + path + query);
    } catch (URISyntaxException e) {
      throw EgressException.refused("The address is not a URL in plain ASCII.");
    }
  }
}
