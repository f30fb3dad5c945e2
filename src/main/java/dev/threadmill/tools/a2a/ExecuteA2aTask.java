package dev.threadmill.tools.a2a;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.RemoteAgent;
import dev.threadmill.assistants.WebhookSpec.OnUnknown;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolError;
import dev.threadmill.tools.ToolException;
import dev.threadmill.tools.ToolListener;
import dev.threadmill.tools.ToolResult;
import dev.threadmill.tools.ToolsConfig;
import dev.threadmill.tools.a2a.A2aClient.Method;
import dev.threadmill.tools.a2a.A2aClient.Reply;
import dev.threadmill.tools.a2a.AgentCardCache.Endpoint;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.jboss.logging.Logger;

/**
 * Gives a message to an agent elsewhere and follows its task to the end: by the agent's stream if
 * it has one, by asking how far it is if not, or where a stream breaks off. The message has the id
 * of the call, however often it is sent, so an agent that keeps to the protocol takes it once; a
 * task that is known is asked for and not begun again. What is called off here is cancelled there.
 */
@Singleton
public class ExecuteA2aTask {
  private static final Logger LOG = Logger.getLogger(ExecuteA2aTask.class);
  private static final Duration FIRST_LOOK = Duration.ofMillis(200);
  private static final Duration SHORTEST_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final AgentCardCache agents;
  private final A2aClient client;
  private final ToolsConfig settings;

  ExecuteA2aTask(AgentCardCache agents, A2aClient client, ToolsConfig settings) {
    this.agents = agents;
    this.client = client;
    this.settings = settings;
  }

  /**
   * One call, from the card of the agent to its answer.
   *
   * @param deadline of {@link System#nanoTime}, after which nothing is waited for
   */
  private record Call(
      ToolContext context,
      RemoteAgent agent,
      OnUnknown onUnknown,
      String message,
      Duration timeout,
      long deadline) {
    boolean isTimedOut() {
      return System.nanoTime() - deadline >= 0;
    }

    Duration remaining() {
      var left = Duration.ofNanos(deadline - System.nanoTime());
      return left.compareTo(SHORTEST_TIMEOUT) < 0 ? SHORTEST_TIMEOUT : left;
    }
  }

  ToolResult ask(ToolContext context, RemoteAgent agent, OnUnknown onUnknown, String message)
      throws InterruptedException {
    var patience =
        agent.timeoutMs() == null ? settings.a2aTimeout() : Duration.ofMillis(agent.timeoutMs());
    var errand =
        new Call(
            context, agent, onUnknown, message, patience, System.nanoTime() + patience.toNanos());
    try {
      return follow(errand, peer(errand));
    } catch (ToolException e) {
      return new ToolResult.Failed(e.output());
    }
  }

  private Endpoint peer(Call errand) throws ToolException, InterruptedException {
    for (int tries = 0; ; tries++) {
      try {
        return agents.endpoint(errand.context(), errand.agent(), errand.remaining());
      } catch (ToolException e) {
        if (!e.isRetryable() || tries == settings.retries() || errand.isTimedOut()) {
          throw e;
        }
      }
      Thread.sleep(pause(tries));
    }
  }

  private ToolResult follow(Call errand, Endpoint peer) throws InterruptedException {
    var begun = errand.context().remoteTaskId();
    if (begun != null) {
      var known = task(errand, begun);
      var outcome = orCancel(errand, peer, known, () -> goOn(errand, peer, known));
      if (outcome != null) {
        return outcome;
      }
    }
    var task = task(errand, null);
    return orCancel(
        errand,
        peer,
        task,
        () -> {
          var failed = send(errand, peer, task);
          return failed == null ? await(errand, peer, task) : failed;
        });
  }

  /** Goes on with a task that was begun before a crash. Null if the message is to be sent again. */
  private ToolResult goOn(Call errand, Endpoint peer, A2aTask task) throws InterruptedException {
    if (look(errand, peer, Method.GET, task, brief(errand)) instanceof Reply.Rejected(var output)) {
      LOG.infof("agent lost its task run_id=%s", errand.context().run());
      return errand.onUnknown() == OnUnknown.RETRY ? null : unknown(errand, output);
    }
    return await(errand, peer, task);
  }

  private A2aTask task(Call errand, String id) {
    return new A2aTask(errand.context().listener(), id, settings.maxAnswer());
  }

  private interface Work {
    ToolResult done() throws InterruptedException;
  }

  /** What is called off meanwhile is cancelled there. */
  private ToolResult orCancel(Call errand, Endpoint peer, A2aTask task, Work work)
      throws InterruptedException {
    try {
      return work.done();
    } catch (InterruptedException e) {
      if (errand.context().isCancelled()) {
        stopThere(errand, peer, task);
      }
      throw e;
    }
  }

  private static ToolResult unknown(Call errand, String output) {
    return errand.onUnknown() == OnUnknown.ASK
        ? new ToolResult.OutcomeUnknown()
        : new ToolResult.Failed(output);
  }

  /** Sends the message. Null if the agent has taken it, which the task shows. */
  private ToolResult send(Call errand, Endpoint peer, A2aTask task) throws InterruptedException {
    boolean streams = peer.streams();
    for (int tries = 0; ; ) {
      var reply =
          streams
              ? ask(
                  errand,
                  peer,
                  Method.STREAM,
                  message(errand, peer, true),
                  task,
                  errand.remaining())
              : ask(errand, peer, Method.SEND, message(errand, peer, false), task, brief(errand));
      boolean isLast = tries == settings.retries() || errand.isTimedOut();
      Duration pause = null;
      switch (reply) {
        case Reply.Accepted _ -> {
          return null;
        }
        case Reply.Unsupported(var output) -> {
          if (!streams) {
            return new ToolResult.Failed(output);
          }
          streams = false;
          continue;
        }
        case Reply.Rejected(var output) -> {
          return new ToolResult.Failed(output);
        }
        case Reply.Malformed(var output) -> {
          stopThere(errand, peer, task);
          return new ToolResult.Failed(output);
        }
        case Reply.Retryable(var output, var wanted) -> {
          if (isLast) {
            return new ToolResult.Failed(output);
          }
          pause = wanted;
        }
        case Reply.OutcomeUnknown(var output) -> {
          if (isLast || errand.onUnknown() != OnUnknown.RETRY) {
            return unknown(errand, output);
          }
        }
      }
      LOG.debugf(
          "agent asked again run_id=%s call_id=%s",
          errand.context().run(), errand.context().call());
      Thread.sleep(pause == null || pause.compareTo(LONGEST_PAUSE) > 0 ? pause(tries) : pause);
      tries++;
    }
  }

  /** Follows a task to its end. */
  private ToolResult await(Call errand, Endpoint peer, A2aTask task) throws InterruptedException {
    boolean streams = peer.streams();
    var pause = FIRST_LOOK;
    while (task.isOpen() || task.isIncomplete()) {
      if (task.isOpen() && errand.isTimedOut()) {
        return tooLate(errand, peer, task);
      }
      if (task.isOpen()) {
        Thread.sleep(pause);
      }
      switch (look(errand, peer, Method.GET, task, brief(errand))) {
        case Reply.Malformed(var output) -> {
          stopThere(errand, peer, task);
          return new ToolResult.Failed(output);
        }
        case Reply.Rejected(var output) -> {
          return task.isOpen() ? new ToolResult.Failed(output) : ended(errand, peer, task);
        }
        case Reply.Unsupported(var output) -> {
          return task.isOpen() ? new ToolResult.Failed(output) : ended(errand, peer, task);
        }
        case Reply.Accepted _ -> {
          if (!task.isOpen()) {
            return ended(errand, peer, task);
          }
          if (streams && !errand.isTimedOut()) {
            task.restart();
            streams =
                switch (look(errand, peer, Method.SUBSCRIBE, task, errand.remaining())) {
                  case Reply.Rejected _, Reply.Malformed _, Reply.Unsupported _ -> false;
                  case Reply.Accepted _, Reply.Retryable _, Reply.OutcomeUnknown _ -> true;
                };
          }
        }
        case Reply.Retryable _, Reply.OutcomeUnknown _ -> {
          if (!task.isOpen()) {
            return ended(errand, peer, task);
          }
          LOG.debugf("agent away run_id=%s", errand.context().run());
        }
      }
      pause = longer(pause);
    }
    return ended(errand, peer, task);
  }

  private static Duration longer(Duration pause) {
    var longer = pause.multipliedBy(3).dividedBy(2);
    return longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
  }

  private ToolResult tooLate(Call errand, Endpoint peer, A2aTask task) throws InterruptedException {
    // Its stream may have hung although it has ended.
    if (look(errand, peer, Method.GET, task, brief(errand)) instanceof Reply.Accepted
        && !task.isOpen()) {
      return ended(errand, peer, task);
    }
    cancel(errand, peer, task);
    return failed(
        "agent_timeout",
        "The agent was not done after %d s, and was told to stop."
            .formatted(errand.timeout().toSeconds()));
  }

  private ToolResult ended(Call errand, Endpoint peer, A2aTask task) {
    var said = task.text();
    return switch (task.state()) {
      case "completed" -> new ToolResult.Succeeded(said);
      case "failed" -> failed("agent_failed", "The agent failed: " + said);
      case "rejected" -> failed("agent_rejected", "The agent refused: " + said);
      case "canceled" ->
          failed("agent_canceled", "The agent was stopped before it had an answer. " + said);
      case "input-required", "auth-required" -> {
        cancel(errand, peer, task);
        yield failed(
            "agent_needs_input",
            "The agent cannot go on by itself, and was told to stop. Give it in your message what it"
                + " asks for: "
                + said);
      }
      default -> failed("answer_unusable", "The agent's task is in a state that is not known.");
    };
  }

  private static ToolResult failed(String type, String message) {
    return new ToolResult.Failed(ToolError.output(type, message));
  }

  /** An agent of whose task nothing can be made need not go on with it. */
  private void stopThere(Call errand, Endpoint peer, A2aTask task) {
    if (task.id() != null && task.isOpen()) {
      Thread.ofVirtual().name("a2a-cancel").start(() -> cancel(errand, peer, task));
    }
  }

  private void cancel(Call errand, Endpoint peer, A2aTask task) {
    try {
      var unheard = new A2aTask(ToolListener.NONE, task.id(), settings.maxAnswer());
      ask(errand, peer, Method.CANCEL, id(task), unheard, LONGEST_PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Reply look(Call errand, Endpoint peer, Method method, A2aTask task, Duration timeout)
      throws InterruptedException {
    return ask(errand, peer, method, id(task), task, timeout);
  }

  private Reply ask(
      Call errand, Endpoint peer, Method method, ObjectNode params, A2aTask task, Duration timeout)
      throws InterruptedException {
    return client.send(
        new A2aClient.Request(errand.context(), peer, method, params, timeout), task);
  }

  private static ObjectNode id(A2aTask task) {
    return Json.MAPPER.createObjectNode().put("id", task.id());
  }

  private static ObjectNode message(Call errand, Endpoint peer, boolean streams) {
    var params = Json.MAPPER.createObjectNode();
    var message =
        params
            .putObject("message")
            .put("messageId", errand.context().call().value())
            .put("role", peer.isV1() ? "ROLE_USER" : "user");
    var part = message.putArray("parts").addObject();
    if (!peer.isV1()) {
      message.put("kind", "message");
      part.put("kind", "text");
    }
    part.put("text", errand.message());
    var configuration = params.putObject("configuration");
    configuration.putArray("acceptedOutputModes").add("text/plain").add("application/json");
    if (!streams) {
      configuration.put(peer.isV1() ? "returnImmediately" : "blocking", peer.isV1());
    }
    return params;
  }

  /** How long a request may take that is answered at once. */
  private Duration brief(Call errand) {
    var left = errand.remaining();
    return left.compareTo(settings.timeout()) < 0 ? left : settings.timeout();
  }

  private Duration pause(int tries) {
    var doubled = settings.firstPause().multipliedBy(1L << Math.min(tries, 4));
    double jitter = 0.75 + ThreadLocalRandom.current().nextDouble() / 2;
    return Duration.ofMillis((long) (doubled.toMillis() * jitter));
  }
}
