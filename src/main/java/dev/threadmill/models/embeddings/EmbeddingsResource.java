package dev.threadmill.models.embeddings;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.WorkOwner;
import dev.threadmill.api.heap.MemoryPermits;
import dev.threadmill.models.ModelErrors;
import dev.threadmill.models.ModelException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Embeddings over HTTP. They are not stored. */
@Path("/v1/embeddings")
@RunOnVirtualThread
@Tag(name = "Embeddings", description = "Vectors of texts")
public class EmbeddingsResource {
  /** Room for vectors of 4096 numbers. */
  private static final int BYTES_PER_VECTOR = 4_096 * Float.BYTES;

  private static final int HEAP_PERCENT = 10;
  private static final int MAX_WAIT_SECONDS = 20;

  private final CreateEmbeddings createEmbeddings;
  private final EmbeddingMetrics metrics;
  private final MemoryPermits permits = MemoryPermits.ofHeap(HEAP_PERCENT);

  EmbeddingsResource(CreateEmbeddings createEmbeddings, EmbeddingMetrics metrics) {
    this.createEmbeddings = createEmbeddings;
    this.metrics = metrics;
  }

  @POST
  @Operation(
      summary = "Create embeddings",
      description =
          "Computes the vectors of one or more texts, at the provider of the model or with a built-in"
              + " model. Texts may be sent as tokens. When the client disconnects, the computation ends.")
  public EmbeddingList create(EmbeddingsRequest request, RoutingContext connection) {
    var permit = acquire(request);
    var worker = new AtomicReference<>(Thread.currentThread());
    connection.addEndHandler(
        end -> {
          permit.close();
          var thread = worker.getAndSet(null);
          if (end.failed() && thread != null) {
            thread.interrupt();
          }
        });
    if (connection.response().closed()) {
      // The client has gone before the handler was there, which may never be called.
      permit.close();
      worker.set(null);
      throw interrupted();
    }
    try {
      return metrics.measured(() -> createEmbeddings.create(request));
    } catch (ModelException e) {
      throw ModelErrors.of(e, request.model(), "input");
    } catch (InterruptedException e) {
      // The client has gone, or the server stops.
      throw interrupted();
    } finally {
      worker.set(null);
    }
  }

  private MemoryPermits.Permit acquire(EmbeddingsRequest request) {
    var permit =
        permits.acquire(
            WorkOwner.current(), (long) BYTES_PER_VECTOR * request.input().all().size());
    try {
      return permit.get(MAX_WAIT_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException e) {
      MemoryPermits.giveUp(permit);
      throw ApiException.unavailable("The server is computing too many embeddings.", 5);
    } catch (InterruptedException e) {
      MemoryPermits.giveUp(permit);
      throw interrupted();
    }
  }

  private static ApiException interrupted() {
    return ApiException.unavailable("The request was interrupted. Please try again.", 1);
  }
}
