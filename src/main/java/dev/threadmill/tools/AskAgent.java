package dev.threadmill.tools;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.RemoteAgent;
import dev.threadmill.assistants.WebhookSpec.OnUnknown;
import dev.threadmill.guard.HttpFailure;
import dev.threadmill.guard.OutboundAnswer;
import dev.threadmill.guard.OutboundRequest;
import dev.threadmill.guard.SafeHttp;
import dev.threadmill.tools.RemoteAgents.Peer;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jboss.logging.Logger;

/**
 * Gives a message to an agent elsewhere and waits for its task to end. The message has the id of
 * the call, however often it is sent, so an agent that keeps to the protocol takes it once. What is
 * called off here is cancelled there.
 */
@Singleton
class AskAgent {
  private static final Logger LOG = Logger.getLogger(AskAgent.class);
  private static final Duration FIRST_LOOK = Duration.ofMillis(200);
  private static final Duration SHORTEST_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final RemoteAgents agents;
  private final SafeHttp http;
  private final ToolSettings settings;

  AskAgent(RemoteAgents agents, SafeHttp http, ToolSettings settings) {
    this.agents = agents;
    this.http = http;
    this.settings = settings;
  }

  /** What a request came to. */
  private sealed interface Reply {
    record Task(RemoteTask task) implements Reply {}

    /** It was refused, or what came is of no use: trying again would not help. */
    record Refused(String output) implements Reply {}

    /** Surely nothing was done. */
    record Passing(String output, Duration pause) implements Reply {}

    /** Nobody knows whether it got there. */
    record Doubtful(String output) implements Reply {}
  }

  ToolOutcome ask(ToolContext context, RemoteAgent agent, OnUnknown onUnknown, String message)
      throws InterruptedException {
    var patience =
        agent.timeoutMs() == null ? settings.a2aTimeout() : Duration.ofMillis(agent.timeoutMs());
    long deadline = System.nanoTime() + patience.toNanos();
    try {
      var peer = peer(context, agent, deadline);
      return switch (sent(context, peer, message, onUnknown, deadline)) {
        case Reply.Task(var task) -> outcome(context, peer, task, deadline, patience);
        case Reply.Refused(var output) -> new ToolOutcome.Failed(output);
        case Reply.Passing(var output, _) -> new ToolOutcome.Failed(output);
        case Reply.Doubtful(var output) ->
            onUnknown == OnUnknown.ASK
                ? new ToolOutcome.Undecided()
                : new ToolOutcome.Failed(output);
      };
    } catch (ToolFailure e) {
      return new ToolOutcome.Failed(e.output());
    }
  }

  private Peer peer(ToolContext context, RemoteAgent agent, long deadline)
      throws ToolFailure, InterruptedException {
    for (int tries = 0; ; tries++) {
      try {
        return agents.peer(context, agent);
      } catch (ToolFailure e) {
        if (!e.isPassing() || tries == settings.retries() || System.nanoTime() > deadline) {
          throw e;
        }
      }
      Thread.sleep(pause(tries));
    }
  }

  private Reply sent(
      ToolContext context, Peer peer, String message, OnUnknown onUnknown, long deadline)
      throws InterruptedException {
    var params = message(context, peer, message);
    for (int tries = 0; ; tries++) {
      var reply =
          call(context, peer, peer.isV1() ? "SendMessage" : "message/send", params, left(deadline));
      boolean isLast = tries == settings.retries() || System.nanoTime() > deadline;
      Duration pause = null;
      switch (reply) {
        case Reply.Task _, Reply.Refused _ -> {
          return reply;
        }
        case Reply.Passing(_, var wanted) -> pause = wanted;
        case Reply.Doubtful _ -> isLast |= onUnknown != OnUnknown.RETRY;
      }
      if (isLast) {
        return reply;
      }
      LOG.debugf("agent asked again run_id=%s call_id=%s", context.run(), context.call());
      Thread.sleep(pause == null || pause.compareTo(LONGEST_PAUSE) > 0 ? pause(tries) : pause);
    }
  }

  /** Looks after a task until it has ended. */
  private ToolOutcome outcome(
      ToolContext context, Peer peer, RemoteTask begun, long deadline, Duration patience)
      throws InterruptedException {
    var task = begun;
    var pause = FIRST_LOOK;
    try {
      while (task.isOpen()) {
        if (System.nanoTime() > deadline) {
          cancel(context, peer, task);
          return failed(
              "agent_timeout",
              "The agent was not done after %d s, and was told to stop."
                  .formatted(patience.toSeconds()));
        }
        Thread.sleep(pause);
        pause = pause.multipliedBy(3).dividedBy(2);
        pause = pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
        var params = Json.MAPPER.createObjectNode().put("id", task.id());
        switch (call(
            context, peer, peer.isV1() ? "GetTask" : "tasks/get", params, left(deadline))) {
          case Reply.Task(var now) -> {
            if (!task.id().equals(now.id())) {
              return failed("answer_unusable", "The agent answered with another task than asked.");
            }
            task = now;
          }
          case Reply.Refused(var output) -> {
            return new ToolOutcome.Failed(output);
          }
          case Reply.Passing _, Reply.Doubtful _ ->
              LOG.debugf("agent away run_id=%s", context.run());
        }
      }
    } catch (InterruptedException e) {
      if (context.isCalledOff()) {
        var open = task;
        Thread.ofVirtual().name("a2a-cancel").start(() -> cancel(context, peer, open));
      }
      throw e;
    }
    return ended(context, peer, task);
  }

  private ToolOutcome ended(ToolContext context, Peer peer, RemoteTask task) {
    var said = AnswerText.storable(task.text());
    return switch (task.state()) {
      case "completed" -> new ToolOutcome.Answered(said);
      case "failed" -> failed("agent_failed", "The agent failed: " + said);
      case "rejected" -> failed("agent_rejected", "The agent refused: " + said);
      case "canceled" ->
          failed("agent_canceled", "The agent was stopped before it had an answer. " + said);
      case "input-required", "auth-required" -> {
        cancel(context, peer, task);
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

  private void cancel(ToolContext context, Peer peer, RemoteTask task) {
    var params = Json.MAPPER.createObjectNode().put("id", task.id());
    try {
      call(context, peer, peer.isV1() ? "CancelTask" : "tasks/cancel", params, LONGEST_PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static ObjectNode message(ToolContext context, Peer peer, String text) {
    var params = Json.MAPPER.createObjectNode();
    var message =
        params
            .putObject("message")
            .put("messageId", context.call().value())
            .put("role", peer.isV1() ? "ROLE_USER" : "user");
    var part = message.putArray("parts").addObject();
    if (!peer.isV1()) {
      message.put("kind", "message");
      part.put("kind", "text");
    }
    part.put("text", text);
    var configuration = params.putObject("configuration");
    configuration.putArray("acceptedOutputModes").add("text/plain").add("application/json");
    if (peer.isV1()) {
      configuration.put("returnImmediately", true);
    } else {
      configuration.put("blocking", false);
    }
    return params;
  }

  /** How long one request may take. */
  private Duration left(long deadline) {
    var left = Duration.ofNanos(deadline - System.nanoTime());
    var atLeast = left.compareTo(SHORTEST_TIMEOUT) < 0 ? SHORTEST_TIMEOUT : left;
    return atLeast.compareTo(settings.timeout()) < 0 ? atLeast : settings.timeout();
  }

  private Reply call(
      ToolContext context, Peer peer, String method, ObjectNode params, Duration timeout)
      throws InterruptedException {
    var body =
        Json.MAPPER
            .createObjectNode()
            .put("jsonrpc", "2.0")
            .put("id", context.call().value())
            .put("method", method)
            .<ObjectNode>set("params", params);
    var headers =
        Map.of(
            "Content-Type", "application/json",
            "Accept", "application/json",
            "User-Agent", "Threadmill",
            "A2A-Version", peer.isV1() ? "1.0" : "0.3");
    try {
      return read(
          http.send(
              new OutboundRequest(
                  "POST",
                  peer.url(),
                  headers,
                  peer.credentials(),
                  body.toString().getBytes(StandardCharsets.UTF_8),
                  List.of(context.allowedDomains()),
                  timeout,
                  settings.maxAnswer())));
    } catch (HttpFailure e) {
      return failure(e);
    }
  }

  private static Reply read(OutboundAnswer answer) {
    int status = answer.status();
    if (status < 200 || status >= 300) {
      var output = AnswerText.ofError(answer);
      return switch (status) {
        case 408, 425, 429, 503 -> new Reply.Passing(output, AnswerText.retryAfter(answer));
        default -> status >= 500 ? new Reply.Doubtful(output) : new Reply.Refused(output);
      };
    }
    JsonNode json;
    try {
      json = Json.MAPPER.readTree(new String(answer.body(), StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      return unusable();
    }
    if (json.path("error").isObject()) {
      var said = json.path("error").path("message").asText();
      return new Reply.Refused(
          ToolError.output(
              "agent_error",
              AnswerText.storable(
                  "The agent answered with an error (%d): %s"
                      .formatted(json.path("error").path("code").asInt(), shortened(said)))));
    }
    var task = RemoteTask.read(json.path("result"));
    return task == null ? unusable() : new Reply.Task(task);
  }

  private static Reply unusable() {
    return new Reply.Refused(
        ToolError.output("answer_unusable", "What the agent answered is not of A2A."));
  }

  private static Reply failure(HttpFailure e) {
    return switch (e.kind()) {
      case REFUSED -> new Reply.Refused(ToolError.output("not_allowed", e.getMessage()));
      case TOO_LARGE ->
          new Reply.Refused(
              ToolError.output("answer_unusable", "The agent was asked. " + e.getMessage()));
      case UNREACHABLE, TIMED_OUT, BROKEN ->
          e.mayHaveArrived()
              ? new Reply.Doubtful(
                  ToolError.output(
                      "outcome_unknown",
                      e.getMessage() + " Nobody knows whether the agent got the message."))
              : new Reply.Passing(ToolError.output("unreachable", e.getMessage()), null);
    };
  }

  private Duration pause(int tries) {
    var doubled = settings.firstPause().multipliedBy(1L << Math.min(tries, 4));
    double jitter = 0.75 + ThreadLocalRandom.current().nextDouble() / 2;
    return Duration.ofMillis((long) (doubled.toMillis() * jitter));
  }

  private static String shortened(String text) {
    return text.length() <= 1000 ? text : text.substring(0, 1000) + "…";
  }
}
