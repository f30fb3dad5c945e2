package dev.threadmill.api.http;

import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.resteasy.reactive.jackson.runtime.serialisers.BasicServerJacksonMessageBodyWriter;
import jakarta.enterprise.inject.Instance;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.ext.Provider;
import java.io.IOException;
import java.lang.reflect.Type;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;
import org.jboss.resteasy.reactive.server.vertx.VertxResteasyReactiveRequestContext;

/**
 * Writes all answers of JSON by way of an {@link AnswerBody}, so that a client that does not read
 * keeps neither a thread nor what the answer was made of.
 */
@Provider
@Produces(MediaType.APPLICATION_JSON)
public class WriteJson extends BasicServerJacksonMessageBodyWriter {
  private final AnswerSpace space;

  WriteJson(Instance<ObjectMapper> mapper, AnswerSpace space) {
    super(mapper);
    this.space = space;
  }

  /** JSON that is written already. */
  record Written(@JsonValue @JsonRawValue String json) {}

  @Override
  public void writeResponse(Object entity, Type type, ServerRequestContext context)
      throws IOException {
    var request = (VertxResteasyReactiveRequestContext) context;
    request.setOutputStream(new AnswerBody(request, space));
    try {
      super.writeResponse(entity, type, context);
    } catch (AnswerSpace.ExceededException e) {
      throw e.asApiException();
    }
  }
}
