package dev.threadmill.projects;

import dev.threadmill.api.ObjectLookup;
import dev.threadmill.api.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Finds a project that a request with an idempotency key has created. */
@ApplicationScoped
class ProjectLookup implements ObjectLookup {
  private final Projects projects;

  ProjectLookup(Projects projects) {
    this.projects = projects;
  }

  @Override
  public String prefix() {
    return ProjectId.PREFIX;
  }

  @Override
  public Optional<Object> find(ProjectId caller, String thread, String id) {
    return Optional.of(projects.get(new ProjectId(id)));
  }
}
