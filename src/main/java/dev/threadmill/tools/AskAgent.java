package dev.threadmill.tools;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.RemoteAgent;
import dev.threadmill.assistants.WebhookSpec.OnUnknown;
import dev.threadmill.tools.A2aClient.Method;
import dev.threadmill.tools.A2aClient.Reply;
import dev.threadmill.tools.RemoteAgents.Peer;
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
class AskAgent {
  private static final Logger LOG = Logger.getLogger(AskAgent.class);
  private static final Duration FIRST_LOOK = Duration.ofMillis(200);
  private static final Duration SHORTEST_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final RemoteAgents agents;
  private final A2aClient client;
  private final ToolSettings settings;

  AskAgent(RemoteAgents agents, A2aClient client, ToolSettings settings) {
    this.agents = agents;
    this.client = client;
    this.settings = settings;
  }

  /**
   * One call, from the card of the agent to its answer.
   *
   * @param deadline of {@link System#nanoTime}, after which nothing is waited for
   */
  private record Errand(
      ToolContext context,
      RemoteAgent agent,
      OnUnknown onUnknown,
      String message,
      Duration patience,
      long deadline) {
    boolean isLate() {
      return System.nanoTime() - deadline >= 0;
    }

    Duration left() {
      var left = Duration.ofNanos(deadline - System.nanoTime());
      return left.compareTo(SHORTEST_TIMEOUT) < 0 ? SHORTEST_TIMEOUT : left;
    }
  }

  ToolOutcome ask(ToolContext context, RemoteAgent agent, OnUnknown onUnknown, String message)
      throws InterruptedException {
    var patience =
        agent.timeoutMs() == null ? settings.a2aTimeout() : Duration.ofMillis(agent.timeoutMs());
    var errand =
        new Errand(
            context, agent, onUnknown, message, patience, System.nanoTime() + patience.toNanos());
    try {
      return follow(errand, peer(errand));
    } catch (ToolFailure e) {
      return new ToolOutcome.Failed(e.output());
    }
  }

  private Peer peer(Errand errand) throws ToolFailure, InterruptedException {
    for (int tries = 0; ; tries++) {
      try {
        return agents.peer(errand.context(), errand.agent(), errand.left());
      } catch (ToolFailure e) {
        if (!e.isPassing() || tries == settings.retries() || errand.isLate()) {
          throw e;
        }
      }
      Thread.sleep(pause(tries));
    }
  }

  private ToolOutcome follow(Errand errand, Peer peer) throws InterruptedException {
    var begun = errand.context().begun();
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
  private ToolOutcome goOn(Errand errand, Peer peer, RemoteTask task) throws InterruptedException {
    if (look(errand, peer, Method.GET, task, brief(errand)) instanceof Reply.Refused(var output)) {
      LOG.infof("agent lost its task run_id=%s", errand.context().run());
      return errand.onUnknown() == OnUnknown.RETRY ? null : unknown(errand, output);
    }
    return await(errand, peer, task);
  }

  private RemoteTask task(Errand errand, String id) {
    return new RemoteTask(errand.context().listener(), id, settings.maxAnswer());
  }

  private interface Work {
    ToolOutcome done() throws InterruptedException;
  }

  /** What is called off meanwhile is cancelled there. */
  private ToolOutcome orCancel(Errand errand, Peer peer, RemoteTask task, Work work)
      throws InterruptedException {
    try {
      return work.done();
    } catch (InterruptedException e) {
      if (errand.context().isCalledOff()) {
        stopThere(errand, peer, task);
      }
      throw e;
    }
  }

  private static ToolOutcome unknown(Errand errand, String output) {
    return errand.onUnknown() == OnUnknown.ASK
        ? new ToolOutcome.Undecided()
        : new ToolOutcome.Failed(output);
  }

  /** Sends the message. Null if the agent has taken it, which the task shows. */
  private ToolOutcome send(Errand errand, Peer peer, RemoteTask task) throws InterruptedException {
    boolean streams = peer.streams();
    for (int tries = 0; ; ) {
      var reply =
          streams
              ? ask(errand, peer, Method.STREAM, message(errand, peer, true), task, errand.left())
              : ask(errand, peer, Method.SEND, message(errand, peer, false), task, brief(errand));
      boolean isLast = tries == settings.retries() || errand.isLate();
      Duration pause = null;
      switch (reply) {
        case Reply.Heard _ -> {
          return null;
        }
        case Reply.Unsupported(var output) -> {
          if (!streams) {
            return new ToolOutcome.Failed(output);
          }
          streams = false;
          continue;
        }
        case Reply.Refused(var output) -> {
          return new ToolOutcome.Failed(output);
        }
        case Reply.Unusable(var output) -> {
          stopThere(errand, peer, task);
          return new ToolOutcome.Failed(output);
        }
        case Reply.Passing(var output, var wanted) -> {
          if (isLast) {
            return new ToolOutcome.Failed(output);
          }
          pause = wanted;
        }
        case Reply.Doubtful(var output) -> {
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
  private ToolOutcome await(Errand errand, Peer peer, RemoteTask task) throws InterruptedException {
    boolean streams = peer.streams();
    var pause = FIRST_LOOK;
    while (task.isOpen() || task.isPatchy()) {
      if (task.isOpen() && errand.isLate()) {
        return tooLate(errand, peer, task);
      }
      if (task.isOpen()) {
        Thread.sleep(pause);
      }
      switch (look(errand, peer, Method.GET, task, brief(errand))) {
        case Reply.Unusable(var output) -> {
          stopThere(errand, peer, task);
          return new ToolOutcome.Failed(output);
        }
        case Reply.Refused(var output) -> {
          return task.isOpen() ? new ToolOutcome.Failed(output) : ended(errand, peer, task);
        }
        case Reply.Unsupported(var output) -> {
          return task.isOpen() ? new ToolOutcome.Failed(output) : ended(errand, peer, task);
        }
        case Reply.Heard _ -> {
          if (!task.isOpen()) {
            return ended(errand, peer, task);
          }
          if (streams && !errand.isLate()) {
            task.begin();
            streams =
                switch (look(errand, peer, Method.SUBSCRIBE, task, errand.left())) {
                  case Reply.Refused _, Reply.Unusable _, Reply.Unsupported _ -> false;
                  case Reply.Heard _, Reply.Passing _, Reply.Doubtful _ -> true;
                };
          }
        }
        case Reply.Passing _, Reply.Doubtful _ -> {
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

  private ToolOutcome tooLate(Errand errand, Peer peer, RemoteTask task)
      throws InterruptedException {
    // Its stream may have hung although it has ended.
    if (look(errand, peer, Method.GET, task, brief(errand)) instanceof Reply.Heard
        && !task.isOpen()) {
      return ended(errand, peer, task);
    }
    cancel(errand, peer, task);
    return failed(
        "agent_timeout",
        "The agent was not done after %d s, and was told to stop."
            .formatted(errand.patience().toSeconds()));
  }

  private ToolOutcome ended(Errand errand, Peer peer, RemoteTask task) {
    var said = task.text();
    return switch (task.state()) {
      case "completed" -> new ToolOutcome.Answered(said);
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

  private static ToolOutcome failed(String type, String message) {
    return new ToolOutcome.Failed(ToolError.output(type, message));
  }

  /** An agent of whose task nothing can be made need not go on with it. */
  private void stopThere(Errand errand, Peer peer, RemoteTask task) {
    if (task.id() != null && task.isOpen()) {
      Thread.ofVirtual().name("a2a-cancel").start(() -> cancel(errand, peer, task));
    }
  }

  private void cancel(Errand errand, Peer peer, RemoteTask task) {
    try {
      var unheard = new RemoteTask(ToolListener.NONE, task.id(), settings.maxAnswer());
      ask(errand, peer, Method.CANCEL, id(task), unheard, LONGEST_PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Reply look(Errand errand, Peer peer, Method method, RemoteTask task, Duration timeout)
      throws InterruptedException {
    return ask(errand, peer, method, id(task), task, timeout);
  }

  private Reply ask(
      Errand errand, Peer peer, Method method, ObjectNode params, RemoteTask task, Duration timeout)
      throws InterruptedException {
    return client.ask(new A2aClient.Request(errand.context(), peer, method, params, timeout), task);
  }

  private static ObjectNode id(RemoteTask task) {
    return Json.MAPPER.createObjectNode().put("id", task.id());
  }

  private static ObjectNode message(Errand errand, Peer peer, boolean streams) {
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
  private Duration brief(Errand errand) {
    var left = errand.left();
    return left.compareTo(settings.timeout()) < 0 ? left : settings.timeout();
  }

  private Duration pause(int tries) {
    var doubled = settings.firstPause().multipliedBy(1L << Math.min(tries, 4));
    double jitter = 0.75 + ThreadLocalRandom.current().nextDouble() / 2;
    return Duration.ofMillis((long) (doubled.toMillis() * jitter));
  }
}
