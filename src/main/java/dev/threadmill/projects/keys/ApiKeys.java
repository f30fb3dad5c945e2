package dev.threadmill.projects.keys;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.TimeParam;
import dev.threadmill.audit.AuditedChange;
import dev.threadmill.db.EntityQuery;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.projects.ApiKey;
import dev.threadmill.projects.ApiKeyCache;
import dev.threadmill.projects.BootstrapKeys;
import dev.threadmill.projects.Project;
import dev.threadmill.projects.Scope;
import dev.threadmill.projects.Secret;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.persistence.LockModeType;
import jakarta.transaction.Transactional;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;

/** The API keys of projects. */
@ApplicationScoped
public class ApiKeys {
  private static final String COLUMNS =
      "id, project_id, name, secret_hash, hint, created_at, scopes, expires_at, allowed_addresses,"
          + " last_used_at, previous_secret_hash, previous_until";

  private final Ids ids;
  private final InstantSource clock;
  private final ApiKeyCache cache;
  private final Jdbc jdbc;
  private final BootstrapKeys bootstrap;

  ApiKeys(Ids ids, InstantSource clock, ApiKeyCache cache, Jdbc jdbc, BootstrapKeys bootstrap) {
    this.bootstrap = bootstrap;
    this.ids = ids;
    this.clock = clock;
    this.cache = cache;
    this.jdbc = jdbc;
  }

  /** Creates a key. Its secret is shown only in the response. */
  @Transactional
  ApiKeyObject.WithValue create(ProjectId project, CreateApiKey request) {
    requireActive(project);
    var secret = Secret.random();
    var key = new ApiKey();
    key.id = ids.apiKey().value();
    key.projectId = project.value();
    key.name = request.name();
    key.secretHash = secret.hash();
    key.hint = secret.hint();
    key.createdAt = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    key.scopes = stored(request.scopes());
    key.allowedAddresses = array(request.allowedAddresses());
    key.expiresAt = request.expiresAt() == null ? null : future(request.expiresAt());
    if (request.expiresAfter() != null) {
      key.expiresAt = key.createdAt.plusSeconds(request.expiresAfter().seconds());
    }
    key.persist();
    AuditedChange.created(key.id);
    record(key);
    return ApiKeyObject.WithValue.of(key, secret);
  }

  /** What is null in the row is null in the request, too: it means more than an empty list. */
  private static String[] stored(List<Scope> scopes) {
    return scopes == null ? null : scopes.stream().map(Scope::wire).toArray(String[]::new);
  }

  private static String[] array(List<String> texts) {
    return texts == null ? null : texts.toArray(String[]::new);
  }

  private Instant future(long seconds) {
    if (seconds > TimeParam.LATEST || seconds <= clock.instant().getEpochSecond()) {
      throw ApiException.invalid(
          "expires_at",
          "Invalid 'expires_at': expected a time in the future, in seconds since 1970.");
    }
    return Instant.ofEpochSecond(seconds);
  }

  private static void record(ApiKey key) {
    var shown = ApiKeyObject.of(key);
    AuditedChange.detail("name", shown.name());
    AuditedChange.detail("scopes", shown.scopes());
    AuditedChange.detail("expires_at", shown.expiresAt());
    AuditedChange.detail("allowed_addresses", shown.allowedAddresses());
  }

  @Transactional
  ApiKeyObject modify(ProjectId project, ApiKeyId id, ModifyApiKey request) {
    var key = locked(project, id);
    key.name = request.name().orElse(key.name);
    if (request.scopes().isPresent()) {
      key.scopes = stored(request.scopes().orElse(null));
    }
    if (request.allowedAddresses().isPresent()) {
      key.allowedAddresses = array(request.allowedAddresses().orElse(null));
    }
    if (request.expiresAt().isPresent()) {
      var expiry = request.expiresAt().orElse(null);
      key.expiresAt = expiry == null ? null : future(expiry);
    }
    record(key);
    cache.invalidateAfterCommit();
    return ApiKeyObject.of(key);
  }

  /**
   * Gives the key a new secret, which is shown only in the response. The old one works until the
   * overlap ends; one that was still working from a rotation before stops at once.
   */
  @Transactional
  ApiKeyObject.WithValue rotate(ProjectId project, ApiKeyId id, RotateApiKey request) {
    var key = locked(project, id);
    if (bootstrap.isConfigured(id)) {
      throw ApiException.invalidState(
          "This key is set by THREADMILL_API_KEY: it is rotated there, and by a restart.");
    }
    var secret = Secret.random();
    boolean overlaps = request.overlapSeconds() > 0;
    key.previousSecretHash = overlaps ? key.secretHash : null;
    key.previousUntil =
        overlaps
            ? clock.instant().plusSeconds(request.overlapSeconds()).truncatedTo(ChronoUnit.MILLIS)
            : null;
    key.secretHash = secret.hash();
    key.hint = secret.hint();
    AuditedChange.detail("overlap_seconds", request.overlapSeconds());
    cache.invalidateAfterCommit();
    return ApiKeyObject.WithValue.of(key, secret);
  }

  ApiKeyObject get(ProjectId project, ApiKeyId id) {
    return ApiKeyObject.of(existing(project, id, LockModeType.NONE));
  }

  private static ApiKey locked(ProjectId project, ApiKeyId id) {
    return existing(project, id, LockModeType.PESSIMISTIC_WRITE);
  }

  private static ApiKey existing(ProjectId project, ApiKeyId id, LockModeType lock) {
    ApiKey key = ApiKey.findById(id.value(), lock);
    if (key == null || !project.value().equals(key.projectId)) {
      throw ApiException.notFound("API key", id);
    }
    return key;
  }

  Page<ApiKeyObject> list(ProjectId project, PageRequest request) {
    requireExisting(project);
    return Keyset.of(COLUMNS, "api_keys")
        .within("project_id = ?", project.value())
        .page(request, EntityQuery.of(ApiKey.class), key -> key.id)
        .map(ApiKeyObject::of);
  }

  @Transactional
  void delete(ProjectId project, ApiKeyId id) {
    if (ApiKey.delete("id = ?1 AND projectId = ?2", id.value(), project.value()) == 0) {
      throw ApiException.notFound("API key", id);
    }
    cache.invalidateAfterCommit();
  }

  /** Answers 404 unless the project has such a key. */
  public void requireExisting(ProjectId project, ApiKeyId id) {
    // Not through Hibernate, which would keep the connection until the end of the request.
    jdbc.one(
            "SELECT id FROM api_keys WHERE id = ? AND project_id = ?",
            row -> row.text("id"),
            id,
            project)
        .orElseThrow(() -> ApiException.notFound("API key", id));
  }

  private static void requireExisting(ProjectId project) {
    if (Project.count("id", project.value()) == 0) {
      throw ApiException.notFound("project", project);
    }
  }

  private static void requireActive(ProjectId id) {
    Project project = Project.findById(id.value());
    if (project == null) {
      throw ApiException.notFound("project", id);
    }
    if (!project.status.equals(Project.ACTIVE)) {
      throw ApiException.invalidState("Project %s is archived.".formatted(id));
    }
  }
}
