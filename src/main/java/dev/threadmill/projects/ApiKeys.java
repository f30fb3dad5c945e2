package dev.threadmill.projects;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.EntityQuery;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;

/** The API keys of projects. */
@ApplicationScoped
public class ApiKeys {
  private static final String COLUMNS = "id, project_id, name, secret_hash, hint, created_at";

  private final Ids ids;
  private final InstantSource clock;
  private final ApiKeyCache cache;
  private final Jdbc jdbc;

  ApiKeys(Ids ids, InstantSource clock, ApiKeyCache cache, Jdbc jdbc) {
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
    key.persist();
    return ApiKeyObject.WithValue.of(key, secret);
  }

  Page<ApiKeyObject> list(ProjectId project, PageRequest request) {
    requireExisting(project);
    return Keyset.of(COLUMNS, "api_keys")
        .within("project_id = ?", project.value())
        .page(request, EntityQuery.of(ApiKey.class), key -> key.id)
        .map(ApiKeyObject::of);
  }

  /** Whether there still is such a key and it gives access to the project. */
  public boolean giveAccess(ApiKeyId key, ProjectId project) {
    return jdbc.one(
            """
            SELECT k.id FROM api_keys k LEFT JOIN projects p ON p.id = k.project_id
            WHERE k.id = ?
              AND (k.project_id IS NULL OR (k.project_id = ? AND p.status = 'active'))
            """,
            row -> row.text("id"),
            key,
            project)
        .isPresent();
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
