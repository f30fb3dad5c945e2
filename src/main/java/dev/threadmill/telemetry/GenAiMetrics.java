package dev.threadmill.telemetry;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.stream.DoubleStream;

/**
 * The metrics of OpenTelemetry's conventions for generative AI, with the buckets that they
 * prescribe. Labels have a bounded number of values: see {@link LabelValues}.
 */
@ApplicationScoped
public class GenAiMetrics {
  /** The bounds of the buckets of durations, in seconds. */
  private static final Duration[] SECONDS =
      seconds(
          0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92);

  /** The bounds of the buckets of MCP requests, in seconds. */
  private static final Duration[] MCP_SECONDS =
      seconds(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300);

  private static final double[] TOKENS = {
    1,
    4,
    16,
    64,
    256,
    1_024,
    4_096,
    16_384,
    65_536,
    262_144,
    1_048_576,
    4_194_304,
    16_777_216,
    67_108_864
  };

  /** The label of an operation that did not fail. */
  private static final String NO_ERROR = "";

  private static final int MAX_MODELS = 100;
  private static final int MAX_PROVIDERS = 50;
  private static final int MAX_ERRORS = 50;

  private final MeterRegistry meters;
  private final LabelValues models = new LabelValues(MAX_MODELS);
  private final LabelValues providers = new LabelValues(MAX_PROVIDERS);
  private final LabelValues errors = new LabelValues(MAX_ERRORS);

  public GenAiMetrics(MeterRegistry meters) {
    this.meters = meters;
  }

  /**
   * A call of a model.
   *
   * @param operation {@code chat} or {@code embeddings}
   * @param provider as the conventions name it
   * @param model as the client names it
   */
  public record Call(String operation, String provider, String model) {}

  /**
   * A call has ended.
   *
   * @param error its kind; null for none
   */
  public void ended(Call call, Duration duration, String error) {
    Timer.builder("gen_ai.client.operation.duration")
        .description("Calls of models, with their retries")
        .tags(tags(call, error == null))
        .tag("error_type", error == null ? NO_ERROR : errors.known(error))
        .serviceLevelObjectives(SECONDS)
        .register(meters)
        .record(duration);
  }

  /** A call has used tokens. */
  public void used(Call call, long inputTokens, long outputTokens) {
    tokens(call, "input", inputTokens);
    if (outputTokens > 0) {
      tokens(call, "output", outputTokens);
    }
  }

  private void tokens(Call call, String type, long count) {
    DistributionSummary.builder("gen_ai.client.token.usage")
        .description("Tokens of calls of models")
        .tags(tags(call, true))
        .tag("gen_ai_token_type", type)
        .serviceLevelObjectives(TOKENS)
        .register(meters)
        .record(count);
  }

  /** The pieces of one streamed answer. */
  public final class Chunks {
    private final Call call;
    private final long started;
    private long first;
    private long last;
    private Timer between;

    private Chunks(Call call, long started) {
      this.call = call;
      this.started = started;
    }

    /** A piece has arrived. */
    public void arrived() {
      long now = System.nanoTime();
      if (first == 0) {
        first = now;
        duration(
                "gen_ai.client.operation.time_to_first_chunk",
                "From the call of a model to the first piece of its answer",
                call)
            .record(Duration.ofNanos(now - started));
      } else {
        if (between == null) {
          between =
              duration(
                  "gen_ai.client.operation.time_per_output_chunk",
                  "Between two pieces of an answer",
                  call);
        }
        between.record(Duration.ofNanos(now - last));
      }
      last = now;
    }

    /** From the call to the first piece, in seconds; null if none has arrived. */
    public Double secondsToFirst() {
      return first == 0 ? null : (first - started) / 1e9;
    }
  }

  /**
   * The pieces of an answer.
   *
   * @param started when the model was called, as {@link System#nanoTime}
   */
  public Chunks chunks(Call call, long started) {
    return new Chunks(call, started);
  }

  private Timer duration(String name, String description, Call call) {
    return Timer.builder(name)
        .description(description)
        .tags(tags(call, true))
        .serviceLevelObjectives(SECONDS)
        .register(meters);
  }

  /**
   * A request to an MCP server has ended.
   *
   * @param method such as {@code tools/call}, from a fixed set
   * @param error its kind; null for none
   */
  public void mcp(String method, Duration duration, String error) {
    Timer.builder("mcp.client.operation.duration")
        .description("Requests to MCP servers")
        .tag("mcp_method_name", method)
        .tag("error_type", error == null ? NO_ERROR : errors.known(error))
        .serviceLevelObjectives(MCP_SECONDS)
        .register(meters)
        .record(duration);
  }

  /**
   * A tool was executed.
   *
   * @param type of the tool, from a fixed set
   * @param error its kind; null for none
   */
  public void tool(String type, Duration duration, String error) {
    Timer.builder("gen_ai.execute_tool.duration")
        .description("Calls of tools that this server executes")
        .tag("gen_ai_tool_type", type)
        .tag("error_type", error == null ? NO_ERROR : errors.known(error))
        .serviceLevelObjectives(SECONDS)
        .register(meters)
        .record(duration);
  }

  /** Names of models that no provider has answered for may be made up by callers. */
  private Tags tags(Call call, boolean isKnown) {
    return Tags.of(
        "gen_ai_operation_name",
        call.operation(),
        "gen_ai_provider_name",
        providers.known(call.provider()),
        "gen_ai_request_model",
        isKnown ? models.known(call.model()) : models.ifKnown(call.model()));
  }

  private static Duration[] seconds(double... bounds) {
    return DoubleStream.of(bounds)
        .mapToObj(bound -> Duration.ofNanos(Math.round(bound * 1e9)))
        .toArray(Duration[]::new);
  }
}
