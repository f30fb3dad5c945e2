package dev.threadmill.guard;

import io.smallrye.config.ConfigMapping;
import java.util.List;
import java.util.Optional;

/** How the secrets of tools are kept. */
@ConfigMapping(prefix = "threadmill.secrets")
public interface SecretConfig {
  /**
   * THREADMILL_SECRET_KEY: the key by which secrets of tools are encrypted, 32 characters or more,
   * the same on all nodes. Several, separated by commas, are for changing it: the first encrypts,
   * all decrypt. Made in THREADMILL_HOME at first need unless the database is an outside one.
   */
  Optional<List<String>> key();

  /** THREADMILL_HOME: where a key that was made is kept. */
  Optional<String> home();

  /** THREADMILL_DATABASE_URL: with it the key has to be set, as other nodes may need it. */
  Optional<String> databaseUrl();
}
