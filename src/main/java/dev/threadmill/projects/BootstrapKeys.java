package dev.threadmill.projects;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import io.quarkus.hibernate.orm.panache.Panache;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.transaction.Transactional;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Optional;

/**
 * Creates the default project, one key for it and one admin key at the first start. Keys that are
 * configured replace the stored ones, which stop working: a lost or leaked key is changed by
 * configuring another and restarting. Without configuration the first start generates keys. Nodes
 * that start at once on one database take turns.
 */
@ApplicationScoped
public class BootstrapKeys {
  private static final ApiKeyId ADMIN_KEY = new ApiKeyId("key_admin");
  private static final ApiKeyId DEFAULT_KEY = new ApiKeyId("key_default");
  private static final long LOCK = 0x7468726561646bL;
  private static final int BEFORE_ALL_FEATURES = 100;

  private final ApiKeysConfig settings;
  private final InstantSource clock;
  private volatile GeneratedKeys generatedKeys;

  BootstrapKeys(ApiKeysConfig settings, InstantSource clock) {
    this.settings = settings;
    this.clock = clock;
  }

  /**
   * The keys that this start has generated, which are shown only now. Empty for keys that existed
   * or are configured.
   */
  public record GeneratedKeys(Optional<Secret> adminKey, Optional<Secret> apiKey) {}

  /** The keys that this start has generated. */
  public GeneratedKeys generatedKeys() {
    return generatedKeys;
  }

  /** Whether the secret of this key is a setting, which the next start would set again. */
  public boolean isConfigured(ApiKeyId key) {
    return key.equals(DEFAULT_KEY) && settings.apiKey().isPresent();
  }

  @Transactional
  void createKeys(@Observes @Priority(BEFORE_ALL_FEATURES) StartupEvent event) {
    var adminKey = checked("THREADMILL_ADMIN_KEY", settings.adminKey());
    var apiKey = checked("THREADMILL_API_KEY", settings.apiKey());
    if (adminKey.isPresent() && adminKey.equals(apiKey)) {
      throw new ConfigurationException(
          "THREADMILL_API_KEY must be another key than THREADMILL_ADMIN_KEY");
    }
    Panache.getEntityManager()
        .createNativeQuery("SELECT CAST(pg_advisory_xact_lock(?1) AS text)")
        .setParameter(1, LOCK)
        .getResultList();
    boolean first = createDefaultProject();
    generatedKeys =
        new GeneratedKeys(
            ensure(ADMIN_KEY, null, "admin", adminKey, "THREADMILL_ADMIN_KEY", true),
            ensure(DEFAULT_KEY, Projects.DEFAULT, "default", apiKey, "THREADMILL_API_KEY", first));
  }

  private static Optional<Secret> checked(String setting, Optional<String> value) {
    var secret = value.map(String::strip).filter(text -> !text.isEmpty()).map(Secret::new);
    if (secret.isPresent() && !secret.get().isUsable()) {
      throw new ConfigurationException(
          setting + " must have 8 to 200 printable ASCII characters and no spaces");
    }
    return secret;
  }

  private boolean createDefaultProject() {
    if (Project.findById(Projects.DEFAULT.value()) != null) {
      return false;
    }
    var project = new Project();
    project.id = Projects.DEFAULT.value();
    project.name = "Default";
    project.status = Project.ACTIVE;
    project.metadata = Metadata.EMPTY;
    project.createdAt = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    project.persistAndFlush();
    return true;
  }

  /** Returns the secret if it was generated. A deleted key is not generated again. */
  private Optional<Secret> ensure(
      ApiKeyId id,
      ProjectId project,
      String name,
      Optional<Secret> wanted,
      String setting,
      boolean makeIfMissing) {
    ApiKey key = ApiKey.findById(id.value());
    if (wanted.isEmpty() && (key != null || !makeIfMissing)) {
      return Optional.empty();
    }
    var secret = wanted.orElseGet(Secret::random);
    if (key != null && Arrays.equals(key.secretHash, secret.hash())) {
      return Optional.empty();
    }
    if (ApiKey.count("secretHash = ?1 AND id <> ?2", secret.hash(), id.value()) > 0) {
      throw new ConfigurationException(
          setting + " is a key that exists already for another purpose");
    }
    boolean fresh = key == null;
    key = fresh ? new ApiKey() : key;
    key.id = id.value();
    key.projectId = project == null ? null : project.value();
    key.name = name;
    key.secretHash = secret.hash();
    key.hint = secret.hint();
    key.previousSecretHash = null;
    key.previousUntil = null;
    key.createdAt = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    if (fresh) {
      key.persist();
    }
    Panache.getEntityManager().flush();
    return wanted.isEmpty() ? Optional.of(secret) : Optional.empty();
  }
}
