package dev.threadmill.protocols;

import io.smallrye.config.ConfigMapping;
import java.util.Optional;

/** Configuration of the protocols. */
@ConfigMapping(prefix = "threadmill.protocols")
public interface ProtocolConfig {
  /**
   * THREADMILL_PUBLIC_URL: the URL at which clients reach this server, for documents that contain
   * it. If it is not set, the URL of each request is used. It is validated at the start.
   */
  Optional<String> publicUrl();
}
