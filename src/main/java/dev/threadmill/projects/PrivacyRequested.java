package dev.threadmill.projects;

import dev.threadmill.api.ProjectId;

/**
 * A project or one of its assistants is about to have other privacy options. Fired within the
 * transaction; an observer that throws refuses them.
 *
 * @param options null for none
 */
public record PrivacyRequested(ProjectId project, PrivacyOptions options) {}
