package dev.threadmill.projects;

import dev.threadmill.api.InvalidSettingException;
import dev.threadmill.egress.CidrRange;
import io.vertx.core.http.HttpServerRequest;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Finds the address of the client of a request. It is that of the connection, unless a trusted
 * proxy has made the connection: then the last address of {@code X-Forwarded-For} that is not that
 * of a trusted proxy. What others put into the header is never believed.
 */
@ApplicationScoped
public class ClientAddress {
  private static final String HEADER = "X-Forwarded-For";
  private static final String SETTING = "THREADMILL_TRUSTED_PROXIES";

  private final List<CidrRange> proxies;

  @Inject
  ClientAddress(ApiKeysConfig config) {
    this(config.trustedProxies().orElse(""));
  }

  ClientAddress(String trustedProxies) {
    this.proxies = ranges(trustedProxies);
  }

  /**
   * The ranges of the setting.
   *
   * @throws InvalidSettingException if it names something else
   */
  public static List<CidrRange> ranges(String setting) {
    try {
      return Arrays.stream(setting.split(","))
          .map(String::strip)
          .filter(text -> !text.isEmpty())
          .map(CidrRange::parse)
          .toList();
    } catch (IllegalArgumentException e) {
      throw new InvalidSettingException(SETTING, setting, e.getMessage());
    }
  }

  /** The address; empty if it is not known. */
  Optional<InetAddress> of(HttpServerRequest request) {
    return of(
        request.remoteAddress() == null ? null : request.remoteAddress().hostAddress(),
        request.headers().getAll(HEADER));
  }

  /**
   * The address.
   *
   * @param connection the address of the connection; null if it is not known
   * @param forwarded the lines of the header
   */
  Optional<InetAddress> of(String connection, List<String> forwarded) {
    var peer = parse(connection);
    if (proxies.isEmpty() || peer.filter(this::isProxy).isEmpty()) {
      return peer;
    }
    var hops = new ArrayList<String>();
    forwarded.forEach(line -> hops.addAll(List.of(line.split(","))));
    for (var hop : hops.reversed()) {
      var address = parse(hop.strip());
      if (address.isEmpty() || !isProxy(address.get())) {
        return address;
      }
    }
    return peer;
  }

  private boolean isProxy(InetAddress address) {
    return proxies.stream().anyMatch(range -> range.contains(address));
  }

  /** Only literal addresses, since a name would be looked up. */
  private static Optional<InetAddress> parse(String text) {
    if (text == null) {
      return Optional.empty();
    }
    try {
      int zone = text.indexOf('%');
      return Optional.of(CidrRange.parse(zone < 0 ? text : text.substring(0, zone)).network());
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }
}
