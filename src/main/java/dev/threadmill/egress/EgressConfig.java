package dev.threadmill.egress;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What calls that tools make may reach, and how much they may take. */
@ConfigMapping(prefix = "threadmill.egress")
public interface EgressConfig {
  /**
   * THREADMILL_EGRESS_ALLOW: private address ranges (a list of CIDRs) that tools may reach. An
   * address of cloud metadata is reached only if it is named itself, with its full prefix length.
   */
  Optional<List<String>> allow();

  /** The longest wait for a connection, and for a name to be resolved. */
  @WithDefault("10s")
  Duration connectTimeout();

  /** How many connections tools may have open at a time. */
  @WithDefault("256")
  int connections();
}
