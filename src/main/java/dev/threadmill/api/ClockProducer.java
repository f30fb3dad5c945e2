package dev.threadmill.api;

import io.quarkus.arc.DefaultBean;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.nio.file.Path;
import java.time.InstantSource;

/** The source of time for all features. Tests put a settable one in its place. */
class ClockProducer {
  @Produces
  @ApplicationScoped
  @DefaultBean
  InstantSource system() {
    // Asked of the JVM and not of the configuration, so that no variable or file can set it.
    var offset = System.getProperty(OffsetClock.PROPERTY);
    return offset == null ? InstantSource.system() : new OffsetClock(Path.of(offset));
  }
}
