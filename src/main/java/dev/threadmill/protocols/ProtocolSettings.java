package dev.threadmill.protocols;

import io.smallrye.config.ConfigMapping;
import java.util.Optional;

/** Settings of the protocols. */
@ConfigMapping(prefix = "threadmill.protocols")
public interface ProtocolSettings {
  /**
   * Where clients reach this server, without a path, for what names addresses of it. Left out, it
   * is taken from each request.
   */
  Optional<String> publicUrl();
}
