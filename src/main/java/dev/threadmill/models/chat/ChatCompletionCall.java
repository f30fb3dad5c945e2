package dev.threadmill.models.chat;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.WorkOwner;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.api.sse.SseFormat;
import dev.threadmill.guard.FilteredAnswer;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelErrors;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.telemetry.tracing.Tracing;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One call of a model for a client of chat completions, on a virtual thread of its own. As a stream
 * it is pulled by the connection: reading from the model pauses while too many bytes wait to be
 * written, and a client that disconnects ends the call.
 */
final class ChatCompletionCall implements EventStream {
  private static final int MAX_PENDING_BYTES = 256 * 1024;

  private final ChatCompletionRequest request;
  private final RequestParts.Loaded prompt;
  private final FilteredAnswer filtered;
  private final CompletionBuilder passed = new CompletionBuilder();
  private final Ids ids;
  private final String id;
  private final long created;
  private final CompletableFuture<Void> started = new CompletableFuture<>();
  private final CompletableFuture<ModelResponse> whole = new CompletableFuture<>();
  private final List<String> callIds = new ArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition written = lock.newCondition();
  private Buffer pending = Buffer.buffer();
  private boolean last;
  private boolean closed;
  private Runnable wake = () -> {};

  /** Null until the call starts. */
  private Thread caller;

  /**
   * @param prompt the request as the model gets it; its permit is closed when the call ends
   * @param filter the content filters before a receiver of what passes
   */
  ChatCompletionCall(
      ChatCompletionRequest request,
      RequestParts.Loaded prompt,
      Function<Consumer<ModelDelta>, FilteredAnswer> filter,
      Ids ids,
      long created) {
    this.request = request;
    this.prompt = prompt;
    this.filtered = filter.apply(this::onDelta);
    this.ids = ids;
    this.id = ids.next("chatcmpl-");
    this.created = created;
  }

  /** Starts the call; one that was cancelled before fails. */
  void start(LanguageModel model, Tracing tracing) {
    lock.lock();
    try {
      if (!closed) {
        var owner = WorkOwner.current();
        Runnable call = () -> WorkOwner.run(owner, () -> run(model));
        caller = Thread.ofVirtual().name(id).start(tracing.inCurrent(call));
        return;
      }
    } finally {
      lock.unlock();
    }
    prompt.permit().close();
    fail(cancelled(null));
  }

  /** Waits for the first delta of the answer, so that a failure before it is an HTTP error. */
  ChatCompletionCall awaitStart() throws InterruptedException {
    await(started);
    return this;
  }

  /** Waits for the complete answer. */
  ChatCompletion.Whole awaitWhole() throws InterruptedException {
    var answer = await(whole);
    var calls = new ArrayList<ChatCompletion.Call>();
    for (var call : answer.toolCalls()) {
      calls.add(
          new ChatCompletion.Call(
              callId(calls.size()),
              "function",
              new ChatCompletion.Function(call.name(), call.arguments())));
    }
    var audio = passed.audio();
    boolean silent =
        answer.text().isEmpty() && (!calls.isEmpty() || answer.refusal() != null || audio != null);
    var message =
        new ChatCompletion.Message(
            "assistant",
            silent ? null : answer.text(),
            answer.refusal(),
            answer.reasoning(),
            calls,
            passed.citations().stream().map(ChatCompletion.Annotation::of).toList(),
            audio);
    var choice =
        new ChatCompletion.Choice(
            0, message, null, ChatCompletion.finishReason(answer.finishReason()));
    return new ChatCompletion.Whole(
        id,
        "chat.completion",
        created,
        request.model(),
        List.of(choice),
        ChatCompletion.Tokens.of(answer.usage()),
        null);
  }

  /** Ends the call, whose client has disconnected. */
  void cancel() {
    lock.lock();
    try {
      closed = true;
      written.signalAll();
      if (caller != null) {
        caller.interrupt();
      }
    } finally {
      lock.unlock();
    }
  }

  private static ModelException cancelled(InterruptedException cause) {
    return new ModelException(
        ModelException.Kind.PROVIDER_FAILED, "The call was cancelled.", cause);
  }

  private void run(LanguageModel model) {
    try {
      var answer = answer(model);
      end(answer);
      whole.complete(answer);
      started.complete(null);
    } catch (ModelException e) {
      fail(e);
    } catch (InterruptedException e) {
      fail(cancelled(e));
    } catch (RuntimeException e) {
      fail(e);
    } catch (Error e) {
      // The client must not wait for an answer that never comes.
      fail(e);
      throw e;
    } finally {
      prompt.permit().close();
    }
  }

  /** The answer as far as it passes the content filters. */
  private ModelResponse answer(LanguageModel model) throws InterruptedException {
    try {
      var answer = model.answer(prompt.request(), filtered);
      filtered.complete();
      return passed.build(answer.finishReason(), answer.usage());
    } catch (RuntimeException e) {
      var rejected = filtered.rejection().orElseThrow(() -> e);
      onDelta(
          new ModelDelta.Refusal("A content filter rejected the answer: " + rejected.getMessage()));
      return passed.build(
          ModelResponse.FinishReason.CONTENT_FILTER, passed.usage(prompt.request()));
    }
  }

  private void fail(Throwable e) {
    if (started.isDone()) {
      var error =
          e instanceof ModelException known
              ? ModelErrors.of(known, request.model(), "messages").error()
              : new ApiError("The server had an error.", ApiError.SERVER_ERROR, null, null);
      write(Json.write(error.inEnvelope()), true);
    }
    whole.completeExceptionally(e);
    started.completeExceptionally(e);
  }

  private void onDelta(ModelDelta delta) {
    if (delta instanceof ModelDelta.Batch(var pieces)) {
      pieces.forEach(this::onDelta);
      return;
    }
    passed.add(delta);
    if (!request.isStream()) {
      return;
    }
    if (!started.isDone()) {
      piece(ChatCompletion.Delta.BEGIN, null);
    }
    piece(
        switch (delta) {
          case ModelDelta.Text(var text) -> new ChatCompletion.Delta(null, text, null, null, null);
          case ModelDelta.Refusal(var text) ->
              new ChatCompletion.Delta(null, null, text, null, null);
          case ModelDelta.Reasoning(var text) ->
              new ChatCompletion.Delta(null, null, null, text, null);
          case ModelDelta.ToolCallStarted(var index, var name) ->
              call(index, callId(index), "function", name, "");
          case ModelDelta.ToolCallArguments(var index, var fragment) ->
              call(index, null, null, null, fragment);
          case ModelDelta.Speech(var soundId, var data, var transcript, var expiresAt) ->
              ChatCompletion.Delta.spoken(
                  new ChatCompletion.Audio(soundId, data, expiresAt, transcript));
          case ModelDelta.Citation citation -> ChatCompletion.Delta.cited(citation);
          case ModelDelta.Batch _ -> throw new IllegalStateException("batches are unpacked");
        },
        null);
    started.complete(null);
  }

  private static ChatCompletion.Delta call(
      int index, String id, String type, String name, String arguments) {
    var function = new ChatCompletion.FunctionDelta(name, arguments);
    return new ChatCompletion.Delta(
        null, null, null, null, List.of(new ChatCompletion.CallDelta(index, id, type, function)));
  }

  private void end(ModelResponse answer) {
    if (!request.isStream()) {
      return;
    }
    if (!started.isDone()) {
      piece(ChatCompletion.Delta.BEGIN, null);
    }
    piece(ChatCompletion.Delta.EMPTY, ChatCompletion.finishReason(answer.finishReason()));
    if (request.includesUsage()) {
      write(chunk(List.of(), ChatCompletion.Tokens.of(answer.usage())), false);
    }
    write("[DONE]", true);
  }

  private void piece(ChatCompletion.Delta delta, String finishReason) {
    write(
        chunk(List.of(new ChatCompletion.ChunkChoice(0, delta, null, finishReason)), null), false);
  }

  private String chunk(List<ChatCompletion.ChunkChoice> choices, ChatCompletion.Tokens usage) {
    return Json.write(
        new ChatCompletion.Chunk(
            id, "chat.completion.chunk", created, request.model(), choices, usage));
  }

  /** Adds an event, and waits while too many bytes are pending. */
  private void write(String data, boolean isLast) {
    lock.lock();
    try {
      while (pending.length() > MAX_PENDING_BYTES && !closed) {
        written.awaitUninterruptibly();
      }
      pending.appendBytes(SseFormat.data(data));
      last |= isLast;
    } finally {
      lock.unlock();
    }
    wake.run();
  }

  @Override
  public void open(Runnable wake) {
    lock.lock();
    try {
      this.wake = wake;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Chunk next(int maxBytes) {
    lock.lock();
    try {
      if (pending.length() == 0) {
        return last ? new Chunk(null, true) : NOTHING_YET;
      }
      var frames = pending;
      pending = Buffer.buffer();
      written.signalAll();
      return new Chunk(frames, last);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    cancel();
  }

  /** Ids of this server, since those of providers may be empty or repeated. */
  private String callId(int index) {
    while (callIds.size() <= index) {
      callIds.add(ids.toolCall().value());
    }
    return callIds.get(index);
  }

  private <T> T await(CompletableFuture<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof ModelException known
          ? ModelErrors.of(known, request.model(), "messages")
          : new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      cancel();
      throw e;
    }
  }
}
