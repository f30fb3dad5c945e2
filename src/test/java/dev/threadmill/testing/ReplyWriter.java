package dev.threadmill.testing;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;

/** Sends a {@link Reply} step by step, confined to the event loop of its request. */
final class ReplyWriter {
  private final Vertx vertx;
  private final HttpServerRequest http;
  private final HttpServerResponse response;
  private final FakeProvider.Request request;
  private final Reply reply;
  private final boolean stream;
  private final Iterator<Reply.Step> steps;
  private final Context loop;
  private final String chunkHead;
  private boolean whole;

  ReplyWriter(Vertx vertx, HttpServerRequest http, FakeProvider.Request request, Reply reply) {
    this.vertx = vertx;
    this.http = http;
    this.response = http.response();
    this.request = request;
    this.reply = reply;
    this.stream = request.body().path("stream").asBoolean(false);
    this.steps = reply.steps().iterator();
    this.loop = vertx.getOrCreateContext();
    this.chunkHead =
        "data: {\"id\":\"chatcmpl-fake\",\"object\":\"chat.completion.chunk\",\"created\":1,"
            + "\"model\":"
            + JsonNodeFactory.instance.textNode(request.model())
            + ",\"choices\":[";
  }

  void begin() {
    response.closeHandler(_ -> request.hungUp = !whole);
    response.exceptionHandler(_ -> {});
    if (reply.status() != 0) {
      response.setStatusCode(reply.status());
      reply.headers().forEach(response::putHeader);
    }
    boolean folded = reply.status() == 200 && !stream && !isRaw();
    if (folded) {
      response.putHeader("content-type", "application/json");
    } else {
      response.setChunked(true);
    }
    next(folded);
  }

  private boolean isRaw() {
    return reply.steps().stream().anyMatch(Reply.Step.Raw.class::isInstance);
  }

  private void next(boolean folded) {
    while (steps.hasNext()) {
      if (response.closed()) {
        return;
      }
      if (response.writeQueueFull()) {
        response.drainHandler(
            _ -> {
              response.drainHandler(null);
              next(folded);
            });
        return;
      }
      switch (steps.next()) {
        case Reply.Step.Pause(var millis) -> {
          vertx.setTimer(Math.max(1, millis), _ -> next(folded));
          return;
        }
        case Reply.Step.Wait(var gate) -> {
          gate.pass(() -> loop.runOnContext(_ -> next(folded)));
          return;
        }
        case Reply.Step.Hang _ -> {
          return;
        }
        case Reply.Step.Cut _ -> {
          whole = true;
          http.connection().close();
          return;
        }
        case Reply.Step.Raw(var bytes) -> write(Buffer.buffer(bytes), folded);
        case Reply.Step.Done _ -> write(Buffer.buffer("data: [DONE]\n\n"), folded);
        case Reply.Step.Delta(var delta) ->
            write(chunk("{\"index\":0,\"delta\":" + delta + ",\"finish_reason\":null}]}"), folded);
        case Reply.Step.Finish(var reason) ->
            write(
                chunk("{\"index\":0,\"delta\":{},\"finish_reason\":\"" + reason + "\"}]}"), folded);
        case Reply.Step.Usage(var prompt, var written) ->
            write(
                chunk(
                    "],\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d}}"
                        .formatted(prompt, written, prompt + written)),
                folded);
      }
    }
    end(folded);
  }

  private Buffer chunk(String rest) {
    return Buffer.buffer((chunkHead + rest + "\n\n").getBytes(StandardCharsets.UTF_8));
  }

  private void write(Buffer bytes, boolean folded) {
    if (!folded) {
      stampFirst();
      response.write(bytes);
    }
  }

  private void end(boolean folded) {
    whole = true;
    stampFirst();
    request.lastByteNanos = System.nanoTime();
    if (folded) {
      response.end(reply.completion(request.model()).toString());
    } else {
      response.end();
    }
  }

  private void stampFirst() {
    if (request.firstByteNanos == 0) {
      request.firstByteNanos = System.nanoTime();
    }
  }
}
