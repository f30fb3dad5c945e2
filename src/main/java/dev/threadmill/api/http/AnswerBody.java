package dev.threadmill.api.http;

import dev.threadmill.api.WorkOwner;
import dev.threadmill.api.heap.AnswerMemory;
import jakarta.ws.rs.core.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.core.LazyResponse;
import org.jboss.resteasy.reactive.server.vertx.VertxResteasyReactiveRequestContext;

/**
 * The body of one answer. It is written completely before the first byte is sent; what is large
 * goes into a temporary file, from which the operating system sends it as fast as the client reads.
 * So a client that does not read holds nothing in the heap.
 */
final class AnswerBody extends OutputStream {
  private static final Logger LOG = Logger.getLogger(AnswerBody.class);

  static final int MAX_IN_MEMORY = 64 * 1024;
  private static final int BUFFER = 128 * 1024;

  private final VertxResteasyReactiveRequestContext request;
  private final AnswerSpace space;
  private final String owner = WorkOwner.current();
  private ByteArrayOutputStream memory = new ByteArrayOutputStream();
  private Path path;
  private OutputStream file;
  private long bytes;
  private boolean isClosed;
  private boolean isReleased;

  AnswerBody(VertxResteasyReactiveRequestContext request, AnswerSpace space) {
    this.request = request;
    this.space = space;
  }

  @Override
  public void write(int single) throws IOException {
    write(new byte[] {(byte) single}, 0, 1);
  }

  @Override
  public void write(byte[] piece, int from, int length) throws IOException {
    if (file == null && bytes + length > MAX_IN_MEMORY) {
      spool();
    }
    if (file == null) {
      memory.write(piece, from, length);
    } else {
      space.take(owner, length);
      file.write(piece, from, length);
    }
    bytes += length;
  }

  private void spool() throws IOException {
    space.take(owner, memory.size());
    // Also if the answer is never completed.
    request.getContextExecutor().execute(this::discardAtEnd);
    path = Files.createTempFile("threadmill-answer-", "");
    file = Files.newOutputStream(path);
    memory.writeTo(file);
    memory = null;
  }

  /** Sends the answer. */
  @Override
  public void close() throws IOException {
    if (isClosed) {
      return;
    }
    isClosed = true;
    AnswerMemory.current().release();
    if (file == null) {
      request.end(memory.toByteArray());
      return;
    }
    file.close();
    int status = request.getResponse().get().getStatus();
    request.sendFile(path.toString(), 0, bytes);
    // The file is open. Its name is not needed, nor are the objects that the answer was made of.
    Files.deleteIfExists(path);
    request.setResult(null);
    request.setResponse(new LazyResponse.Existing(Response.status(status).build()));
  }

  private void discardAtEnd() {
    if (request.getContext().response().closed()) {
      discard();
    } else {
      request.getContext().addEndHandler(_ -> discard());
    }
  }

  /** The answer has been sent, or its client is gone. */
  private void discard() {
    synchronized (this) {
      if (isReleased) {
        return;
      }
      isReleased = true;
    }
    space.giveBack(owner, bytes);
    try (var closing = file) {
      if (path != null) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      LOG.warnf("temporary file not deleted path=%s cause=%s", path, e);
    }
  }
}
