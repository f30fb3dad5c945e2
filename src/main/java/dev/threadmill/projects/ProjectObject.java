package dev.threadmill.projects;

import dev.threadmill.api.Metadata;

/**
 * A project on the wire.
 *
 * @param region where its data stays; null if it may be anywhere
 * @param strictRegion whether what is not known to be there is refused too
 * @param privatePath the name below which only its keys are answered; null if it has none but its
 *     id
 * @param privacy null if the project asks for none; its assistants may ask for more
 * @param status {@code active} or {@code archived}
 */
public record ProjectObject(
    String id,
    String object,
    String name,
    String description,
    String assistantType,
    String region,
    boolean strictRegion,
    String privatePath,
    PrivacyOptions privacy,
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
        project.strictRegion,
        project.privatePath,
        project.privacy,
        project.status,
        project.createdAt.getEpochSecond(),
        project.metadata);
  }
}
