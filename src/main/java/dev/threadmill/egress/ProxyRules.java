package dev.threadmill.egress;

import dev.threadmill.api.InvalidSettingException;
import io.vertx.core.net.ProxyOptions;
import io.vertx.core.net.ProxyType;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which requests go through a proxy, by the variables that curl and most HTTP clients know: {@code
 * HTTPS_PROXY} for https addresses, {@code HTTP_PROXY} for http addresses, {@code NO_PROXY} for
 * hosts that are reached without one.
 */
public final class ProxyRules {
  private static final Pattern SEPARATOR = Pattern.compile("[,\\s]+");
  private static final int DEFAULT_PORT = 3128;

  /** No proxy for any request. */
  public static final ProxyRules NONE = new ProxyRules(Optional.empty(), Optional.empty(), "");

  private final ProxyOptions forHttp;
  private final ProxyOptions forHttps;
  private final List<Exemption> exemptions = new ArrayList<>();

  /**
   * A host that is reached without a proxy.
   *
   * @param range null unless it is given by address
   * @param port 0 for all ports
   */
  private record Exemption(String suffix, CidrRange range, int port) {
    boolean covers(String host, int port) {
      if (this.port != 0 && this.port != port) {
        return false;
      }
      if (range != null) {
        return isLiteral(host) && contains(host);
      }
      return suffix.isEmpty() || host.equals(suffix) || host.endsWith("." + suffix);
    }

    private boolean contains(String host) {
      try {
        return range.contains(InetAddress.getByName(host.replaceAll("[\\[\\]]", "")));
      } catch (UnknownHostException _) {
        return false;
      }
    }
  }

  /**
   * The proxies of the configuration.
   *
   * @throws InvalidSettingException if one is malformed
   */
  public static ProxyRules of(EgressConfig config) {
    return new ProxyRules(config.httpProxy(), config.httpsProxy(), config.noProxy().orElse(""));
  }

  /**
   * @param http the value of {@code HTTP_PROXY}
   * @param https the value of {@code HTTPS_PROXY}
   * @param none the value of {@code NO_PROXY}: host names, which cover the hosts below them, and
   *     address ranges, separated by commas, each with or without a port; {@code *} for all hosts
   * @throws InvalidSettingException if one of them is malformed
   */
  public ProxyRules(Optional<String> http, Optional<String> https, String none) {
    this.forHttp = http.map(text -> proxy("HTTP_PROXY", text)).orElse(null);
    this.forHttps = https.map(text -> proxy("HTTPS_PROXY", text)).orElse(null);
    for (var entry : SEPARATOR.split(none.strip())) {
      if (!entry.isEmpty()) {
        exemptions.add(exemption(entry.toLowerCase(Locale.ROOT)));
      }
    }
  }

  /** The proxy for requests to this host; empty if they go there directly. */
  Optional<ProxyOptions> proxyFor(boolean secure, String host, int port) {
    var proxy = secure ? forHttps : forHttp;
    return proxy == null || exemptions.stream().anyMatch(each -> each.covers(host, port))
        ? Optional.empty()
        : Optional.of(proxy);
  }

  private static Exemption exemption(String entry) {
    if (entry.equals("*")) {
      return new Exemption("", null, 0);
    }
    try {
      return new Exemption(null, CidrRange.parse(entry.replaceAll("[\\[\\]]", "")), 0);
    } catch (IllegalArgumentException _) {
      // Not a range, so it is a host name, or an address with a port.
    }
    int colon = entry.lastIndexOf(':');
    var host = colon > 0 ? entry.substring(0, colon) : entry;
    int port = colon > 0 ? port(entry.substring(colon + 1)) : 0;
    if (isLiteral(host)) {
      return new Exemption(null, CidrRange.parse(host.replaceAll("[\\[\\]]", "")), port);
    }
    return new Exemption(host.replaceFirst("^\\*?\\.", ""), null, port);
  }

  private static int port(String text) {
    if (!text.matches("\\d{1,5}")) {
      throw new InvalidSettingException(
          "NO_PROXY", "must be a list of host names or address ranges, with or without a port");
    }
    return Integer.parseInt(text);
  }

  private static boolean isLiteral(String host) {
    return host.startsWith("[") || TargetUrl.isDottedQuad(host);
  }

  private static ProxyOptions proxy(String variable, String text) {
    try {
      var uri = new URI(text.contains("://") ? text : "http://" + text);
      var options = new ProxyOptions().setType(type(variable, uri.getScheme()));
      if (uri.getHost() == null || uri.getPort() > 65_535 || uri.getPort() == 0) {
        throw malformed(variable);
      }
      options.setHost(uri.getHost()).setPort(uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort());
      if (uri.getRawUserInfo() != null) {
        var parts = uri.getRawUserInfo().split(":", 2);
        options.setUsername(decoded(parts[0]));
        options.setPassword(parts.length > 1 ? decoded(parts[1]) : "");
      }
      return options;
    } catch (URISyntaxException e) {
      throw malformed(variable);
    }
  }

  private static ProxyType type(String variable, String scheme) {
    return switch (scheme.toLowerCase(Locale.ROOT)) {
      case "http" -> ProxyType.HTTP;
      case "socks5", "socks5h", "socks" -> ProxyType.SOCKS5;
      case "socks4" -> ProxyType.SOCKS4;
      default -> throw malformed(variable);
    };
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** Without the value, which may hold a password. */
  private static InvalidSettingException malformed(String variable) {
    return new InvalidSettingException(
        variable, "is not the address of a proxy, such as http://host:3128 or socks5://host");
  }
}
