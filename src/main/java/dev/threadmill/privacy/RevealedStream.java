package dev.threadmill.privacy;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.privacy.detect.EntityKind;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jboss.logging.Logger;

/**
 * A stream of events whose tokens are turned back. Frames without tokens pass at once; others wait
 * for the vault, which is read on a thread of its own since the event loop must not block.
 */
final class RevealedStream implements EventStream {
  private static final Logger LOG = Logger.getLogger(RevealedStream.class);

  private final EventStream stream;
  private final Revealer revealer;
  private final ProjectId project;
  private final Set<EntityKind> kinds;
  private Runnable wake;
  private boolean isReading;

  /** What was read for the frames that wait; written by the thread that reads. */
  private volatile Chunk ready;

  RevealedStream(EventStream stream, Revealer revealer, ProjectId project, Set<EntityKind> kinds) {
    this.stream = stream;
    this.revealer = revealer;
    this.project = project;
    this.kinds = kinds;
  }

  @Override
  public void open(Runnable newWake) {
    wake = newWake;
    stream.open(newWake);
  }

  @Override
  public Chunk next(int maxBytes) {
    if (isReading) {
      var done = ready;
      if (done == null) {
        return NOTHING_YET;
      }
      ready = null;
      isReading = false;
      return done;
    }
    var chunk = stream.next(maxBytes);
    if (chunk.frames() == null || !hasTokens(chunk.frames())) {
      return chunk;
    }
    isReading = true;
    Thread.ofVirtual().name("reveal").start(() -> read(chunk));
    return NOTHING_YET;
  }

  private boolean hasTokens(Buffer frames) {
    return !Revealer.tokens(frames.toString(StandardCharsets.UTF_8), kinds).isEmpty();
  }

  private void read(Chunk chunk) {
    var revealed = chunk;
    try {
      var text = chunk.frames().toString(StandardCharsets.UTF_8);
      revealed = new Chunk(Buffer.buffer(revealer.inJson(project, kinds, text)), chunk.last());
    } catch (RuntimeException e) {
      // The reader gets the tokens.
      LOG.warnf("tokens of a stream not turned back project_id=%s cause=%s", project, e);
    }
    ready = revealed;
    wake.run();
  }

  @Override
  public String replayAddress() {
    return stream.replayAddress();
  }

  @Override
  public void close() {
    stream.close();
  }
}
