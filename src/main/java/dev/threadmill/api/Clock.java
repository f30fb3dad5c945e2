package dev.threadmill.api;

import io.quarkus.arc.DefaultBean;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.time.InstantSource;

/** The source of time for all features. Tests put a settable one in its place. */
class Clock {
  @Produces
  @ApplicationScoped
  @DefaultBean
  InstantSource system() {
    return InstantSource.system();
  }
}
