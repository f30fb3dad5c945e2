package dev.threadmill.projects;

import dev.threadmill.api.Metadata;

/**
 * A project on the wire.
 *
 * @param status {@code active} or {@code archived}
 */
public record ProjectObject(
    String id,
    String object,
    String name,
    String description,
    String assistantType,
    String region,
    String status,
    long createdAt,
    Metadata metadata) {
  static ProjectObject of(Project project) {
    return new ProjectObject(
        project.id,
        "project",
        project.name,
        project.description,
        project.assistantType,
        project.region,
        project.status,
        project.createdAt.getEpochSecond(),
        project.metadata);
  }
}
