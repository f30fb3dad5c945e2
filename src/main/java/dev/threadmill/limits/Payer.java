package dev.threadmill.limits;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.projects.Caller;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Whose limits a request or a model call counts against.
 *
 * @param key null for work that no API key has asked for, such as summaries
 * @param user whom a client names; null for a run, whose thread names it
 * @param assistant of the run; null without one
 * @param thread of the run; null without one
 * @param run the root of the run's tree if that has a budget; else null
 */
public record Payer(
    ProjectId project,
    ApiKeyId key,
    String user,
    AssistantId assistant,
    ThreadId thread,
    RunId run) {
  /** The project and a key, for work that belongs to no run. */
  public Payer(ProjectId project, ApiKeyId key) {
    this(project, key, null, null, null, null);
  }

  /** The project alone. */
  public static Payer of(ProjectId project) {
    return new Payer(project, null);
  }

  /** The project and the API key of a request. */
  public static Payer of(Caller caller) {
    return new Payer(caller.project(), caller.key());
  }

  /** The limits that apply to a run. */
  public static Payer ofRun(
      ProjectId project, ApiKeyId key, AssistantId assistant, ThreadId thread, RunId budgeted) {
    return new Payer(project, key, null, assistant, thread, budgeted);
  }

  /** The same for a run on a thread. */
  public Payer on(AssistantId itsAssistant, ThreadId itsThread) {
    return new Payer(project, key, user, itsAssistant, itsThread, run);
  }

  /** The same for a user of the application; null if none is named. */
  public Payer of(String itsUser) {
    return new Payer(project, key, itsUser, assistant, thread, run);
  }

  /**
   * The same without what no limit of these kinds applies to. The budget of a run always stays: the
   * run says that it has one. A thread stays for the user that it names.
   */
  Payer only(Set<LimitScope.Kind> kinds) {
    return new Payer(
        project,
        kinds.contains(LimitScope.Kind.KEY) ? key : null,
        kinds.contains(LimitScope.Kind.USER) ? user : null,
        kinds.contains(LimitScope.Kind.ASSISTANT) ? assistant : null,
        kinds.contains(LimitScope.Kind.THREAD) || kinds.contains(LimitScope.Kind.USER)
            ? thread
            : null,
        run);
  }

  /**
   * All scopes whose limits apply, the widest first: a client token counts against the key that
   * created it, too.
   */
  List<LimitScope> scopes() {
    var scopes = new ArrayList<LimitScope>();
    scopes.add(LimitScope.of(project));
    if (key != null) {
      key.parent().ifPresent(creator -> scopes.add(LimitScope.of(project, creator)));
      scopes.add(LimitScope.of(project, key));
    }
    if (user != null) {
      scopes.add(LimitScope.ofUser(project, user));
    }
    if (assistant != null) {
      scopes.add(LimitScope.of(project, assistant));
    }
    if (thread != null) {
      scopes.add(LimitScope.of(project, thread));
    }
    if (run != null) {
      scopes.add(LimitScope.of(project, run));
    }
    return scopes;
  }
}
