package dev.threadmill.egress;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The configuration of requests to other servers. */
@ConfigMapping(prefix = "threadmill.egress")
public interface EgressConfig {
  /**
   * THREADMILL_EGRESS_ALLOW: private address ranges that tools may reach: CIDRs, addresses, or
   * {@code localhost}. An address of cloud metadata is reached only if it is listed itself, with
   * its full prefix length.
   */
  Optional<List<String>> allow();

  /**
   * THREADMILL_EGRESS_REGIONS: the regions of servers that tools reach, {@code host=region} each,
   * for projects that have a region. {@code *.example.com} stands for every host below it.
   */
  Optional<List<String>> regions();

  /** The longest wait for a connection, and for a name to be resolved. */
  @WithDefault("10s")
  Duration connectTimeout();

  /** How many connections tools may have open at a time. */
  @WithDefault("256")
  int connections();

  /** HTTP_PROXY: the proxy for http addresses. */
  Optional<String> httpProxy();

  /** HTTPS_PROXY: the proxy for https addresses. */
  Optional<String> httpsProxy();

  /** NO_PROXY: hosts that are reached without a proxy. */
  Optional<String> noProxy();
}
