package dev.threadmill.api;

import io.quarkus.arc.DefaultBean;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.nio.file.Path;
import java.time.InstantSource;

/** The clock of all features. Tests replace it by a settable one. */
class ClockProducer {
  @Produces
  @ApplicationScoped
  @DefaultBean
  InstantSource system() {
    // A JVM option and no configuration property, so that no variable or file can set it.
    var offset = System.getProperty(OffsetClock.PROPERTY);
    return offset == null ? InstantSource.system() : new OffsetClock(Path.of(offset));
  }
}
