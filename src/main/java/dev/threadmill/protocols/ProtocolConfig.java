package dev.threadmill.protocols;

import io.smallrye.config.ConfigMapping;
import java.util.Optional;

/** Settings of the protocols. */
@ConfigMapping(prefix = "threadmill.protocols")
public interface ProtocolConfig {
  /**
   * THREADMILL_PUBLIC_URL: where clients reach this server, for what names addresses of it. Left
   * out, it is taken from each request. The start has seen to it that it is an address.
   */
  Optional<String> publicUrl();
}
