package dev.threadmill.api.http;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;

/**
 * Gives the responses to malformed requests the form of all other errors. Where the head of a
 * request cannot be read, the HTTP server itself responds, with a status and no body. All of it
 * happens on the event loop of the connection.
 */
final class MalformedRequests extends ChannelDuplexHandler {
  private static final int MAX_HEAD = 1_024;
  private static final int MAX_REQUEST_LINE = 4_096;
  private static final Pattern EMPTY_ERROR =
      Pattern.compile("HTTP/\\d\\.\\d (\\d{3} [^\r\n]*)\r\n(?si:.*)content-length: 0\r\n(?s:.*)");

  private static final Map<String, ApiError> ERRORS =
      Map.of(
          "400",
          error("The request is not valid HTTP.", "malformed_request"),
          "413",
          error("The request is too large.", "request_too_large"),
          "414",
          error("The URL is too long.", "url_too_long"),
          "431",
          error("The headers of the request are too long.", "headers_too_long"),
          "501",
          error("This version of HTTP is not supported.", "unsupported_http_version"));

  private final BooleanSupplier isInRequest;

  /** What has come of the next request, up to the end of its first line. */
  private final StringBuilder requestLine = new StringBuilder();

  /**
   * @param isInRequest whether a request has been read whose response is not complete
   */
  MalformedRequests(BooleanSupplier isInRequest) {
    this.isInRequest = isInRequest;
  }

  private static ApiError error(String message, String code) {
    return new ApiError(message, ApiError.INVALID_REQUEST, null, code);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
    if (message instanceof ByteBuf bytes && !isInRequest.getAsBoolean()) {
      remember(bytes);
    }
    super.channelRead(context, message);
  }

  private void remember(ByteBuf bytes) {
    for (int i = bytes.readerIndex(); i < bytes.writerIndex(); i++) {
      byte each = bytes.getByte(i);
      if (each == '\n' || requestLine.length() == MAX_REQUEST_LINE) {
        return;
      }
      requestLine.append((char) (each & 0xff));
    }
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise)
      throws Exception {
    var better =
        message instanceof ByteBuf bytes && !isInRequest.getAsBoolean()
            ? withBody(bytes)
            : Optional.<ByteBuf>empty();
    requestLine.setLength(0);
    if (better.isEmpty()) {
      super.write(context, message, promise);
      return;
    }
    ((ByteBuf) message).release();
    var written = promise.unvoid();
    // What follows on the connection would not be read as it is meant.
    written.addListener(ChannelFutureListener.CLOSE);
    super.write(context, better.get(), written);
  }

  private Optional<ByteBuf> withBody(ByteBuf bytes) {
    if (bytes.readableBytes() > MAX_HEAD) {
      return Optional.empty();
    }
    var head = EMPTY_ERROR.matcher(bytes.toString(StandardCharsets.ISO_8859_1));
    if (!head.matches() || !ERRORS.containsKey(head.group(1).substring(0, 3))) {
      return Optional.empty();
    }
    var status = head.group(1);
    var error =
        status.startsWith("400")
            ? ofQuery().orElse(ERRORS.get("400"))
            : ERRORS.get(status.substring(0, 3));
    var body = Json.write(error.inEnvelope()).getBytes(StandardCharsets.UTF_8);
    var full =
        "HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
            .formatted(status, body.length);
    return Optional.of(Unpooled.wrappedBuffer(full.getBytes(StandardCharsets.ISO_8859_1), body));
  }

  /** What is wrong with the path or the query, if that is why the request was refused. */
  private Optional<ApiError> ofQuery() {
    var words = requestLine.toString().split(" ");
    if (words.length < 2 || !words[1].startsWith("/")) {
      return Optional.empty();
    }
    int mark = words[1].indexOf('?');
    try {
      RejectMalformedUrls.check(
          mark < 0 ? words[1] : words[1].substring(0, mark),
          mark < 0 ? null : words[1].substring(mark + 1));
      return Optional.empty();
    } catch (ApiException e) {
      return Optional.of(e.error());
    }
  }
}
