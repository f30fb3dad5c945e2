package dev.threadmill.projects;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Field;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.audit.AuditedChange;
import dev.threadmill.db.EntityQuery;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import io.quarkus.hibernate.orm.panache.Panache;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.persistence.LockModeType;
import jakarta.transaction.Transactional;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;

/** The projects of this installation. */
@ApplicationScoped
public class Projects {
  /**
   * The project that exists from the first start on. Requests of an admin are about it unless they
   * name another.
   */
  public static final ProjectId DEFAULT = new ProjectId("proj_default");

  private static final String COLUMNS =
      "id, name, description, assistant_type, region, strict_region, private_path, privacy, status,"
          + " metadata, created_at";

  private static final long PATHS = 0x7468726561646dL;

  private final Ids ids;
  private final InstantSource clock;
  private final ApiKeyCache keys;
  private final Residency residency;
  private final Jdbc jdbc;
  private final Event<PrivacyRequested> privacyChanged;

  Projects(
      Ids ids,
      InstantSource clock,
      ApiKeyCache keys,
      Residency residency,
      Jdbc jdbc,
      Event<PrivacyRequested> privacyChanged) {
    this.privacyChanged = privacyChanged;
    this.residency = residency;
    this.ids = ids;
    this.clock = clock;
    this.keys = keys;
    this.jdbc = jdbc;
  }

  @Transactional
  ProjectObject create(CreateProject request) {
    var project = new Project();
    project.id = ids.project().value();
    project.name = request.name();
    project.description = request.description();
    project.assistantType = request.assistantType();
    project.region = request.region();
    project.strictRegion = Boolean.TRUE.equals(request.strictRegion());
    project.privatePath = request.privatePath();
    project.privacy = request.privacy();
    privacyChanged.fire(new PrivacyRequested(new ProjectId(project.id), project.privacy));
    residency.requirePossible(project.region, project.strictRegion);
    requireFree(project);
    project.status = Project.ACTIVE;
    project.metadata = request.metadata() == null ? Metadata.EMPTY : request.metadata();
    project.createdAt = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    project.persist();
    AuditedChange.created(project.id);
    record(project);
    return ProjectObject.of(project);
  }

  Page<ProjectObject> list(PageRequest request) {
    return Keyset.of(COLUMNS, "projects")
        .page(request, EntityQuery.of(Project.class), project -> project.id)
        .map(ProjectObject::of);
  }

  /** Answers 404 unless there is such a project, active or archived. */
  public void requireExisting(ProjectId id) {
    // Not through Hibernate, which would keep the connection until the end of the request.
    if (jdbc.one("SELECT id FROM projects WHERE id = ?", row -> row.text("id"), id).isEmpty()) {
      throw ApiException.notFound("project", id);
    }
  }

  ProjectObject get(ProjectId id) {
    return ProjectObject.of(existing(Project.findById(id.value()), id));
  }

  @Transactional
  ProjectObject modify(ProjectId id, ModifyProject request) {
    var project = locked(id);
    project.name = request.name().orElse(project.name);
    project.description = request.description().orElse(project.description);
    project.assistantType = request.assistantType().orElse(project.assistantType);
    project.region = request.region().orElse(project.region);
    project.strictRegion = Boolean.TRUE.equals(request.strictRegion().orElse(project.strictRegion));
    project.privatePath = request.privatePath().orElse(project.privatePath);
    if (request.privacy() instanceof Field.Present<PrivacyOptions>(var privacy)) {
      project.privacy = privacy;
      privacyChanged.fire(new PrivacyRequested(id, privacy));
    }
    residency.requirePossible(project.region, project.strictRegion);
    requireFree(project);
    keys.invalidateAfterCommit();
    project.metadata = request.metadata().orElse(project.metadata);
    if (project.metadata == null) {
      project.metadata = Metadata.EMPTY;
    }
    record(project);
    return ProjectObject.of(project);
  }

  private static void record(Project project) {
    AuditedChange.detail("name", project.name);
    AuditedChange.detail("region", project.region);
    AuditedChange.detail("strict_region", project.strictRegion);
    AuditedChange.detail("private_path", project.privatePath);
    AuditedChange.detail("privacy", project.privacy);
  }

  /** Archives the project: it can still be read, and its keys stop working. */
  @Transactional
  void archive(ProjectId id) {
    if (id.equals(DEFAULT)) {
      throw ApiException.invalidState("The default project cannot be deleted.");
    }
    locked(id).status = Project.ARCHIVED;
    keys.invalidateAfterCommit();
  }

  /** Answers 400 if another project has the private path. */
  private static void requireFree(Project project) {
    if (project.privatePath == null) {
      return;
    }
    // Of two requests at once the second sees what the first has set.
    Panache.getEntityManager()
        .createNativeQuery("SELECT CAST(pg_advisory_xact_lock(?1) AS text)")
        .setParameter(1, PATHS)
        .getResultList();
    if (Project.count("privatePath = ?1 AND id <> ?2", project.privatePath, project.id) > 0) {
      throw ApiException.invalid("private_path", "Invalid 'private_path': another project has it.");
    }
  }

  private static Project locked(ProjectId id) {
    return existing(Project.findById(id.value(), LockModeType.PESSIMISTIC_WRITE), id);
  }

  private static Project existing(Project project, ProjectId id) {
    if (project == null) {
      throw ApiException.notFound("project", id);
    }
    return project;
  }
}
