package dev.threadmill.memory;

import dev.threadmill.db.Jdbc;

/** Measures recall over many items: how fast, and whether a small owner still finds its own. */
final class BenchScale {
  BenchScale(Jdbc jdbc) {}

  void run(int items) {}
}
