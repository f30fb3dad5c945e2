package dev.threadmill.models.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.RequestBody;
import dev.threadmill.egress.StreamingResponse;
import dev.threadmill.egress.Timeouts;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ProviderException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;

/** Requests to one OpenAI-compatible provider whose responses are JSON and not streamed. */
public final class ProviderPost {
  private static final int MAX_ERROR_BYTES = 65_536;

  private final ProviderTransport transport;
  private final ProviderConfig provider;
  private final Duration timeout;
  private final long maxResponseBytes;
  private final ProviderErrors errors;

  /**
   * @param timeout for a whole request
   */
  public ProviderPost(
      ProviderTransport transport,
      ProviderConfig provider,
      Duration timeout,
      long maxResponseBytes,
      InstantSource clock) {
    this.transport = transport;
    this.provider = provider;
    this.timeout = timeout;
    this.maxResponseBytes = maxResponseBytes;
    this.errors = new ProviderErrors(provider, clock);
  }

  /** Reads the body of a response. */
  @FunctionalInterface
  public interface Reader<T> {
    /**
     * @throws JsonProcessingException if the body is not what was asked for
     * @throws IOException if it cannot be received
     */
    T read(InputStream body) throws IOException;
  }

  /**
   * Sends a body to one of the provider's resources and reads the response.
   *
   * @param path of the resource below the address of the provider
   * @param model as errors name it
   * @throws ProviderException if the provider failed or refused
   */
  public <T> T send(String path, byte[] body, String model, Reader<T> reader)
      throws InterruptedException {
    try (var response =
        transport.send(
            "POST",
            provider.endpoint(path),
            headers(),
            RequestBody.of(body),
            Timeouts.total(timeout),
            maxResponseBytes)) {
      if (response.status() != 200) {
        throw errors.fromStatus(
            response.status(), name -> response.header(name).orElse(""), start(response), model);
      }
      return read(response, reader);
    } catch (EgressException e) {
      throw failure(e);
    }
  }

  private <T> T read(StreamingResponse response, Reader<T> reader)
      throws EgressException, InterruptedException {
    try {
      return reader.read(response.body());
    } catch (JsonProcessingException e) {
      throw ProviderException.permanent(
          ModelException.Kind.PROVIDER_FAILED,
          "The provider '%s' returned an invalid response.".formatted(provider.name()),
          e);
    } catch (IOException e) {
      throw response.toFailure(e);
    }
  }

  private ProviderException failure(EgressException e) {
    return switch (e.kind()) {
      case TIMED_OUT -> errors.responseTimeout(timeout);
      case TOO_LARGE -> errors.responseTooLarge();
      case REFUSED, UNREACHABLE, BROKEN -> errors.connectionFailed(e);
    };
  }

  /** The beginning of the body of an error; empty if it cannot be read. */
  private static byte[] start(StreamingResponse response) throws InterruptedException {
    try {
      return response.body().readNBytes(MAX_ERROR_BYTES);
    } catch (IOException e) {
      var _ = response.toFailure(e);
      return new byte[0];
    }
  }

  private Map<String, String> headers() {
    var headers = new HashMap<String, String>();
    headers.put("content-type", "application/json");
    headers.put("accept", "application/json");
    provider.apiKey().ifPresent(key -> headers.put("authorization", "Bearer " + key));
    headers.putAll(provider.headers());
    return headers;
  }
}
