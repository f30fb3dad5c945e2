package dev.threadmill;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;

/** Starts the server. */
@QuarkusMain
public final class Threadmill {
  private Threadmill() {}

  public static void main(String... args) {
    Quarkus.run(args);
  }
}
