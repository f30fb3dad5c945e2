package dev.threadmill.tools.a2a;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Backoff;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.RemoteAgent;
import dev.threadmill.assistants.WebhookSpec.OnUnknown;
import dev.threadmill.tools.FindToolFiles;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolException;
import dev.threadmill.tools.ToolFiles;
import dev.threadmill.tools.ToolListener;
import dev.threadmill.tools.ToolResult;
import dev.threadmill.tools.ToolsConfig;
import dev.threadmill.tools.a2a.A2aClient.Method;
import dev.threadmill.tools.a2a.A2aClient.Reply;
import dev.threadmill.tools.a2a.AgentCardCache.Endpoint;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * Sends a message to an agent of another server and follows its task to the end: by the agent's
 * stream if it has one, by polling if not, or where a stream breaks.
 *
 * <p>The message id is the id of the call, however often it is sent, so an agent that keeps to the
 * protocol takes it once. A task whose id is known is queried and not started again. The task of a
 * run that is cancelled here is cancelled there.
 */
@Singleton
class ExecuteA2aTask {
  private static final Logger LOG = Logger.getLogger(ExecuteA2aTask.class);
  private static final Duration FIRST_POLL = Duration.ofMillis(200);
  private static final Duration SHORTEST_TIMEOUT = Duration.ofSeconds(1);
  private static final int HISTORY_LENGTH = 20;
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final AgentCardCache agents;
  private final A2aClient client;
  private final ToolsConfig config;
  private final FindToolFiles files;

  ExecuteA2aTask(AgentCardCache agents, A2aClient client, ToolsConfig config, FindToolFiles files) {
    this.files = files;
    this.agents = agents;
    this.client = client;
    this.config = config;
  }

  /**
   * One call, from reading the agent's card to the end of its task.
   *
   * @param timeout of the whole call
   * @param deadline of {@link System#nanoTime}, when the timeout has passed
   */
  private record Call(
      ToolContext context,
      RemoteAgent agent,
      OnUnknown onUnknown,
      String message,
      ToolFiles files,
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

  /**
   * Executes a call.
   *
   * @param function its name, under which files may be attached for it
   * @throws InterruptedException if the run was stopped
   */
  ToolResult execute(
      ToolContext context, RemoteAgent agent, OnUnknown onUnknown, String message, String function)
      throws InterruptedException {
    var timeout =
        agent.timeoutMs() == null ? config.a2aTimeout() : Duration.ofMillis(agent.timeoutMs());
    var call =
        new Call(
            context,
            agent,
            onUnknown,
            message,
            files.of(context, List.of(function)),
            timeout,
            System.nanoTime() + timeout.toNanos());
    try {
      return follow(call, endpoint(call));
    } catch (ToolException e) {
      return new ToolResult.Failed(e.error());
    }
  }

  private Endpoint endpoint(Call call) throws ToolException, InterruptedException {
    for (int tries = 0; ; tries++) {
      try {
        return agents.endpoint(call.context(), call.agent(), call.remaining());
      } catch (ToolException e) {
        if (!e.isRetryable() || tries == config.retries() || call.isTimedOut()) {
          throw e;
        }
      }
      Thread.sleep(pause(tries));
    }
  }

  private ToolResult follow(Call call, Endpoint endpoint) throws InterruptedException {
    var begun = call.context().remoteTaskId();
    if (begun != null) {
      var known = task(call, begun);
      var outcome = cancelIfInterrupted(call, endpoint, known, () -> resume(call, endpoint, known));
      if (outcome != null) {
        return outcome;
      }
    }
    var task = task(call, null);
    return cancelIfInterrupted(
        call,
        endpoint,
        task,
        () -> {
          var failed = send(call, endpoint, task);
          return failed == null ? awaitEnd(call, endpoint, task) : failed;
        });
  }

  /** Continues a task that was started before a crash. Null if the message is to be sent again. */
  private ToolResult resume(Call call, Endpoint endpoint, A2aTask task)
      throws InterruptedException {
    if (query(call, endpoint, Method.GET, task, requestTimeout(call))
        instanceof Reply.Rejected(var error)) {
      LOG.infof("agent does not know its task run_id=%s", call.context().run());
      return call.onUnknown() == OnUnknown.RETRY ? null : new ToolResult.OutcomeUnknown(error);
    }
    return awaitEnd(call, endpoint, task);
  }

  private A2aTask task(Call call, String id) {
    return new A2aTask(call.context().listener(), id, config.maxAnswer());
  }

  private interface Work {
    ToolResult done() throws InterruptedException;
  }

  /** Cancels the task if the run is cancelled meanwhile. */
  private ToolResult cancelIfInterrupted(Call call, Endpoint endpoint, A2aTask task, Work work)
      throws InterruptedException {
    try {
      return work.done();
    } catch (InterruptedException e) {
      if (call.context().isCancelled()) {
        cancelInBackground(call, endpoint, task);
      }
      throw e;
    }
  }

  /** Sends the message. Null if the agent has accepted it, which the task shows. */
  private ToolResult send(Call call, Endpoint endpoint, A2aTask task) throws InterruptedException {
    boolean streams = endpoint.streams();
    for (int tries = 0; ; ) {
      var reply =
          streams
              ? request(
                  call,
                  endpoint,
                  Method.STREAM,
                  message(call, endpoint, true),
                  task,
                  call.remaining())
              : request(
                  call,
                  endpoint,
                  Method.SEND,
                  message(call, endpoint, false),
                  task,
                  requestTimeout(call));
      boolean isLast = tries == config.retries() || call.isTimedOut();
      Duration pause = null;
      switch (reply) {
        case Reply.Accepted _ -> {
          return null;
        }
        case Reply.Unsupported(var error) -> {
          if (!streams) {
            return new ToolResult.Failed(error);
          }
          streams = false;
          continue;
        }
        case Reply.Rejected(var error) -> {
          return new ToolResult.Failed(error);
        }
        case Reply.Malformed(var error) -> {
          cancelInBackground(call, endpoint, task);
          return new ToolResult.Failed(error);
        }
        case Reply.Retryable(var error, var wanted) -> {
          if (isLast) {
            return new ToolResult.Failed(error);
          }
          pause = wanted;
        }
        case Reply.OutcomeUnknown(var error) -> {
          if (isLast || call.onUnknown() != OnUnknown.RETRY) {
            return new ToolResult.OutcomeUnknown(error);
          }
        }
      }
      LOG.debugf(
          "agent called again run_id=%s call_id=%s", call.context().run(), call.context().call());
      Thread.sleep(pause == null || pause.compareTo(LONGEST_PAUSE) > 0 ? pause(tries) : pause);
      tries++;
    }
  }

  /** Follows a task to its end. */
  private ToolResult awaitEnd(Call call, Endpoint endpoint, A2aTask task)
      throws InterruptedException {
    boolean streams = endpoint.streams();
    var pause = FIRST_POLL;
    while (task.isOpen() || task.isIncomplete()) {
      if (task.isOpen() && call.isTimedOut()) {
        return timedOut(call, endpoint, task);
      }
      if (task.isOpen()) {
        Thread.sleep(pause);
      }
      switch (query(call, endpoint, Method.GET, task, requestTimeout(call))) {
        case Reply.Malformed(var error) -> {
          cancelInBackground(call, endpoint, task);
          return new ToolResult.Failed(error);
        }
        case Reply.Rejected(var error) -> {
          return task.isOpen() ? new ToolResult.Failed(error) : result(call, endpoint, task);
        }
        case Reply.Unsupported(var error) -> {
          return task.isOpen() ? new ToolResult.Failed(error) : result(call, endpoint, task);
        }
        case Reply.Accepted _ -> {
          if (!task.isOpen()) {
            return result(call, endpoint, task);
          }
          if (streams && !call.isTimedOut()) {
            task.restart();
            streams =
                switch (query(call, endpoint, Method.SUBSCRIBE, task, call.remaining())) {
                  case Reply.Rejected _, Reply.Malformed _, Reply.Unsupported _ -> false;
                  case Reply.Accepted _, Reply.Retryable _, Reply.OutcomeUnknown _ -> true;
                };
          }
        }
        case Reply.Retryable _, Reply.OutcomeUnknown _ -> {
          if (!task.isOpen()) {
            return result(call, endpoint, task);
          }
          LOG.debugf("agent unreachable run_id=%s", call.context().run());
        }
      }
      pause = longer(pause);
    }
    return result(call, endpoint, task);
  }

  private static Duration longer(Duration pause) {
    var longer = pause.multipliedBy(3).dividedBy(2);
    return longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
  }

  private ToolResult timedOut(Call call, Endpoint endpoint, A2aTask task)
      throws InterruptedException {
    // The stream may have hung although the task has ended.
    if (query(call, endpoint, Method.GET, task, requestTimeout(call)) instanceof Reply.Accepted
        && !task.isOpen()) {
      return result(call, endpoint, task);
    }
    cancel(call, endpoint, task);
    return ToolResult.failed(
        "agent_timeout",
        "The agent did not finish within %d s; its task was canceled."
            .formatted(call.timeout().toSeconds()));
  }

  private ToolResult result(Call call, Endpoint endpoint, A2aTask task) {
    var text = task.text();
    return switch (task.state()) {
      case "completed" -> ToolResult.text(text);
      case "failed" -> ToolResult.failed("agent_failed", "The agent failed: " + text);
      case "rejected" -> ToolResult.failed("agent_rejected", "The agent refused: " + text);
      case "canceled" ->
          ToolResult.failed("agent_canceled", "The agent's task was canceled. " + text);
      case "input-required", "auth-required" -> {
        cancel(call, endpoint, task);
        yield ToolResult.failed(
            "agent_needs_input",
            "The agent needs more input, and its task was canceled. Send a message that contains what"
                + " it asks for: "
                + text);
      }
      default -> ToolResult.failed("answer_unusable", "The agent's task is in an unknown state.");
    };
  }

  /** Cancels a task whose result cannot be used, without waiting for the agent. */
  private void cancelInBackground(Call call, Endpoint endpoint, A2aTask task) {
    if (task.id() != null && task.isOpen()) {
      Thread.ofVirtual().name("a2a-cancel").start(() -> cancel(call, endpoint, task));
    }
  }

  private void cancel(Call call, Endpoint endpoint, A2aTask task) {
    try {
      var ignored = new A2aTask(ToolListener.NONE, task.id(), config.maxAnswer());
      request(call, endpoint, Method.CANCEL, id(task), ignored, LONGEST_PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Reply query(Call call, Endpoint endpoint, Method method, A2aTask task, Duration timeout)
      throws InterruptedException {
    var params = id(task);
    if (method == Method.GET) {
      params.put("historyLength", HISTORY_LENGTH);
    }
    return request(call, endpoint, method, params, task, timeout);
  }

  private Reply request(
      Call call,
      Endpoint endpoint,
      Method method,
      ObjectNode params,
      A2aTask task,
      Duration timeout)
      throws InterruptedException {
    return client.send(
        new A2aClient.Request(call.context(), endpoint, method, params, timeout), task);
  }

  private static ObjectNode id(A2aTask task) {
    return Json.MAPPER.createObjectNode().put("id", task.id());
  }

  private static ObjectNode message(Call call, Endpoint endpoint, boolean streams) {
    var params = Json.MAPPER.createObjectNode();
    var message =
        params
            .putObject("message")
            .put("messageId", call.context().call().value())
            .put("role", endpoint.isV1() ? "ROLE_USER" : "user");
    var part = message.putArray("parts").addObject();
    if (!endpoint.isV1()) {
      message.put("kind", "message");
      part.put("kind", "text");
    }
    part.put("text", call.message());
    if (!call.files().isEmpty()) {
      message.putObject("metadata").set(ToolFiles.METADATA, call.files().described());
    }
    var configuration = params.putObject("configuration");
    configuration.putArray("acceptedOutputModes").add("text/plain").add("application/json");
    // Some agents answer in the history of the task only.
    configuration.put("historyLength", HISTORY_LENGTH);
    if (!streams) {
      configuration.put(endpoint.isV1() ? "returnImmediately" : "blocking", endpoint.isV1());
    }
    return params;
  }

  /** The timeout of a request that the agent answers at once. */
  private Duration requestTimeout(Call call) {
    var left = call.remaining();
    return left.compareTo(config.timeout()) < 0 ? left : config.timeout();
  }

  private Duration pause(int tries) {
    return new Backoff(config.firstPause(), LONGEST_PAUSE).delay(tries + 1);
  }
}
