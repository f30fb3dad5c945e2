package dev.threadmill.console;

import dev.threadmill.projects.Caller;
import dev.threadmill.projects.Credential;
import dev.threadmill.projects.Scope;
import dev.threadmill.projects.oidc.OidcAdmin;
import java.util.List;

/**
 * What a browser needs to know about its session.
 *
 * @param admin whether it may act in every project
 * @param projectId the project that requests are about unless they name another
 * @param name by which the key or the admin is shown
 * @param expiresAt in Unix seconds; null if it does not end by itself
 */
public record SessionObject(
    String object,
    boolean admin,
    String projectId,
    List<String> scopes,
    String name,
    Long expiresAt) {
  /** The session of the current request. */
  static SessionObject current(Long expiresAt) {
    var caller = Caller.current();
    var person = Credential.current().admin();
    return new SessionObject(
        "console.session",
        caller.isAdmin(),
        caller.project().value(),
        caller.scopes().stream().map(Scope::wire).sorted().toList(),
        person == null ? caller.key().value() : shown(person),
        expiresAt);
  }

  private static String shown(OidcAdmin person) {
    return person.email() == null ? person.subject() : person.email();
  }
}
