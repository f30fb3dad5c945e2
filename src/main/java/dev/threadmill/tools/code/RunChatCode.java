package dev.threadmill.tools.code;

import dev.threadmill.api.ProjectId;
import dev.threadmill.models.chat.ChatCode;
import dev.threadmill.sandbox.Sandbox;
import dev.threadmill.sandbox.SandboxException;
import dev.threadmill.sandbox.SandboxSession;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.UUID;

/** Runs code for chat completions: each request has a session of its own, which ends with it. */
@ApplicationScoped
class RunChatCode implements ChatCode {
  private static final int MAX_CODE = 200_000;

  private final Sandbox sandbox;

  RunChatCode(Sandbox sandbox) {
    this.sandbox = sandbox;
  }

  @Override
  public String unavailable() {
    var availability = sandbox.availability();
    return availability.isAvailable() ? null : availability.line();
  }

  @Override
  public Session begin(ProjectId project) {
    return new RequestSession(project, "chat-" + UUID.randomUUID());
  }

  private final class RequestSession implements Session {
    private final ProjectId project;
    private final String key;
    private SandboxSession session;

    RequestSession(ProjectId project, String key) {
      this.project = project;
      this.key = key;
    }

    @Override
    public String run(String arguments) throws InterruptedException {
      if (arguments.length() > MAX_CODE) {
        return "The code is too long: at most %d characters are run.".formatted(MAX_CODE);
      }
      var code = new CodeArguments().next(arguments);
      try {
        var note = "";
        if (session == null || !session.isAlive()) {
          note = session == null ? "" : "[The session was started anew: variables are lost.]\n";
          session = sandbox.open(project, key);
        }
        var result = session.run(code, _ -> {});
        return note
            + result.output()
            + (result.note() == null ? "" : "\n[%s]".formatted(result.note()));
      } catch (SandboxException e) {
        return "The code was not run: " + e.getMessage();
      }
    }

    @Override
    public void close() {
      if (session != null) {
        sandbox.close(key);
      }
    }
  }
}
