package dev.threadmill.models;

import dev.threadmill.telemetry.GenAiMetrics;
import dev.threadmill.telemetry.tracing.DebugWork;
import dev.threadmill.telemetry.tracing.GenAi;
import dev.threadmill.telemetry.tracing.Operation;
import dev.threadmill.telemetry.tracing.Tracing;
import io.opentelemetry.api.trace.SpanKind;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** Measures, traces and keeps the calls of models, whatever they are made for. */
@ApplicationScoped
public class ObserveModelCalls {
  private final GenAiMetrics metrics;
  private final Tracing tracing;
  private final List<ModelCallRecorder> recorders;

  public ObserveModelCalls(
      GenAiMetrics metrics, Tracing tracing, @All List<ModelCallRecorder> recorders) {
    this.metrics = metrics;
    this.tracing = tracing;
    this.recorders = recorders;
  }

  /** The same model, whose calls are observed. */
  public LanguageModel observed(LanguageModel model) {
    return new ObservedModel(model, this);
  }

  private record ObservedModel(LanguageModel model, ObserveModelCalls observer)
      implements LanguageModel {
    @Override
    public ModelInfo info() {
      return model.info();
    }

    @Override
    public boolean answersByRule() {
      return model.answersByRule();
    }

    @Override
    public ModelResponse answer(ModelRequest request, Consumer<ModelDelta> deltas)
        throws InterruptedException {
      return observer.answer(model, request, deltas);
    }
  }

  private ModelResponse answer(
      LanguageModel model, ModelRequest request, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    var provider = GenAi.provider(model.info().ownedBy());
    var call = new GenAiMetrics.Call(GenAi.CHAT, provider, request.model());
    long started = System.nanoTime();
    var chunks = request.isStreamable() ? metrics.chunks(call, started) : null;
    String error = null;
    ModelResponse received = null;
    try (var operation = begin(request, provider)) {
      try {
        var response =
            model.answer(
                request,
                delta -> {
                  if (chunks != null) {
                    chunks.arrived();
                  }
                  deltas.accept(delta);
                });
        received = response;
        var usage = response.usage();
        metrics.used(call, usage.promptTokens(), usage.completionTokens());
        if (operation.isRecording()) {
          describe(operation, response);
        }
        return response;
      } catch (ModelException e) {
        error = e.kind().name().toLowerCase(Locale.ROOT);
        throw e;
      } catch (InterruptedException e) {
        error = "cancelled";
        throw e;
      } catch (RuntimeException e) {
        error = e.getClass().getSimpleName();
        throw e;
      } finally {
        if (operation.isRecording()) {
          operation.set(GenAi.TIME_TO_FIRST_CHUNK, chunks == null ? null : chunks.secondsToFirst());
          if (error != null) {
            operation.failed(error);
          }
        }
        var duration = Duration.ofNanos(System.nanoTime() - started);
        metrics.ended(call, duration, error);
        record(request, received, error, duration);
      }
    }
  }

  private void record(
      ModelRequest request, ModelResponse response, String error, Duration duration) {
    var work = DebugWork.current();
    if (work != null) {
      recorders.forEach(recorder -> recorder.record(work, request, response, error, duration));
    }
  }

  private Operation begin(ModelRequest request, String provider) {
    if (!tracing.isOn()) {
      return Operation.NONE;
    }
    var operation =
        tracing
            .start(GenAi.CHAT + " " + request.model(), SpanKind.CLIENT)
            .set(GenAi.OPERATION, GenAi.CHAT)
            .set(GenAi.PROVIDER, provider)
            .set(GenAi.REQUEST_MODEL, request.model())
            .set(GenAi.REQUEST_TEMPERATURE, request.temperature())
            .set(GenAi.REQUEST_TOP_P, request.topP());
    if (request.maxCompletionTokens() != null) {
      operation.set(GenAi.REQUEST_MAX_TOKENS, (long) request.maxCompletionTokens());
    }
    if (tracing.capturesContent() && operation.isRecording()) {
      operation.set(GenAi.SYSTEM_INSTRUCTIONS, TracedMessages.instructions(request));
      operation.set(GenAi.INPUT_MESSAGES, TracedMessages.input(request));
    }
    return operation;
  }

  private void describe(Operation operation, ModelResponse response) {
    var usage = response.usage();
    operation
        .set(GenAi.FINISH_REASONS, List.of(response.finishReason().name().toLowerCase(Locale.ROOT)))
        .set(GenAi.INPUT_TOKENS, usage.promptTokens())
        .set(GenAi.OUTPUT_TOKENS, usage.completionTokens());
    operation
        .set(GenAi.RESPONSE_ID, response.origin().id())
        .set(GenAi.RESPONSE_MODEL, response.origin().model());
    if (usage.cachedTokens() > 0) {
      operation.set(GenAi.CACHE_READ_TOKENS, usage.cachedTokens());
    }
    if (usage.reasoningTokens() > 0) {
      operation.set(GenAi.REASONING_TOKENS, usage.reasoningTokens());
    }
    if (tracing.capturesContent()) {
      operation.set(GenAi.OUTPUT_MESSAGES, TracedMessages.output(response));
    }
  }
}
