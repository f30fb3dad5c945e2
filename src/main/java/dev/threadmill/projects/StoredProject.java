package dev.threadmill.projects;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.StoredObject;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Reads a project that an admin's repeated request has made. */
@ApplicationScoped
class StoredProject implements StoredObject {
  private final Projects projects;

  StoredProject(Projects projects) {
    this.projects = projects;
  }

  @Override
  public String prefix() {
    return ProjectId.PREFIX;
  }

  @Override
  public Optional<Object> read(ProjectId caller, String thread, String id) {
    return Optional.of(projects.get(new ProjectId(id)));
  }
}
