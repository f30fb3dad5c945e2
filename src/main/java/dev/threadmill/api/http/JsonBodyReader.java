package dev.threadmill.api.http;

import dev.threadmill.api.Json;
import dev.threadmill.api.JsonBody;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.impl.RoutingContextInternal;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.ext.Provider;
import java.io.IOException;
import java.io.InputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import org.jboss.resteasy.reactive.server.spi.ResteasyReactiveResourceInfo;
import org.jboss.resteasy.reactive.server.spi.ServerMessageBodyReader;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;
import org.jboss.resteasy.reactive.server.vertx.VertxResteasyReactiveRequestContext;

/** Reads every JSON body by {@link JsonBody} instead of the reader of the framework. */
@Provider
@Consumes({MediaType.APPLICATION_JSON, "application/*+json"})
public class JsonBodyReader implements ServerMessageBodyReader<Object> {
  @Override
  public boolean isReadable(
      Class<?> type, Type genericType, ResteasyReactiveResourceInfo method, MediaType mediaType) {
    return type != byte[].class && type != String.class && type != InputStream.class;
  }

  @Override
  public boolean isReadable(
      Class<?> type, Type genericType, Annotation[] annotations, MediaType mediaType) {
    return isReadable(type, genericType, (ResteasyReactiveResourceInfo) null, mediaType);
  }

  @Override
  public Object readFrom(
      Class<Object> type, Type genericType, MediaType mediaType, ServerRequestContext context)
      throws IOException {
    var connection = ((VertxResteasyReactiveRequestContext) context).getContext();
    var body = takeBody(connection, context);
    var deployment = VersionAliases.deployment(connection);
    return JsonBody.read(
        deployment.isEmpty() ? body : JsonBody.withField(body, "model", deployment.get()),
        Json.MAPPER.constructType(genericType));
  }

  /** The bytes of the body, which the request no longer holds afterwards. */
  private static byte[] takeBody(RoutingContext connection, ServerRequestContext context)
      throws IOException {
    var received = connection.body() == null ? null : connection.body().buffer();
    if (received == null) {
      return BodyLimit.read(context.getInputStream());
    }
    ((RoutingContextInternal) connection).setBody(Buffer.buffer());
    return received.getBytes();
  }

  @Override
  public Object readFrom(
      Class<Object> type,
      Type genericType,
      Annotation[] annotations,
      MediaType mediaType,
      MultivaluedMap<String, String> headers,
      InputStream body)
      throws IOException {
    return read(genericType, body);
  }

  private static Object read(Type type, InputStream body) throws IOException {
    return JsonBody.read(BodyLimit.read(body), Json.MAPPER.constructType(type));
  }
}
