package dev.threadmill.api.http;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.Json;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;

/**
 * Gives the responses to malformed requests the form of all other errors. Where the head of a
 * request cannot be read, the HTTP server itself responds, with a status and no body.
 */
final class MalformedRequests extends ChannelOutboundHandlerAdapter {
  private static final int MAX_HEAD = 1_024;
  private static final Pattern EMPTY_ERROR =
      Pattern.compile("HTTP/1\\.[01] (\\d{3}) [^\r\n]*\r\n(?si:.*)content-length: 0\r\n(?s:.*)");

  private static final Map<String, ApiError> ERRORS =
      Map.of(
          "400",
          error("The request is not valid HTTP.", "malformed_request"),
          "413",
          error("The request is too large.", "request_too_large"),
          "414",
          error("The URL is too long.", "url_too_long"),
          "431",
          error("The headers of the request are too long.", "headers_too_long"));

  private final BooleanSupplier isInRequest;

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
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise)
      throws Exception {
    if (!isInRequest.getAsBoolean() && message instanceof ByteBuf bytes) {
      var better = withBody(bytes);
      if (better.isPresent()) {
        bytes.release();
        super.write(context, better.get(), promise);
        return;
      }
    }
    super.write(context, message, promise);
  }

  private static Optional<ByteBuf> withBody(ByteBuf bytes) {
    if (bytes.readableBytes() > MAX_HEAD) {
      return Optional.empty();
    }
    var head = EMPTY_ERROR.matcher(bytes.toString(StandardCharsets.ISO_8859_1));
    if (!head.matches() || !ERRORS.containsKey(head.group(1))) {
      return Optional.empty();
    }
    var line = bytes.toString(StandardCharsets.ISO_8859_1).lines().findFirst().orElseThrow();
    var body = Json.write(ERRORS.get(head.group(1)).inEnvelope()).getBytes(StandardCharsets.UTF_8);
    var full =
        "%s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
            .formatted(line, body.length);
    return Optional.of(Unpooled.wrappedBuffer(full.getBytes(StandardCharsets.ISO_8859_1), body));
  }
}
