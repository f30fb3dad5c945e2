package dev.threadmill.sandbox;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Sends signals to processes, which the Java library does not offer. */
final class Signals {
  static final int INT = 2;
  static final int KILL = 9;
  static final int CONT = 18;
  static final int STOP = 19;

  private static final MethodHandle SEND =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().find("kill").orElseThrow(),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private Signals() {}

  /** Sends a signal. A process that has ended is ignored. */
  static void send(long process, int signal) {
    if (process <= 1) {
      return;
    }
    try {
      int _ = (int) SEND.invokeExact((int) process, signal);
    } catch (Throwable e) {
      throw new IllegalStateException("kill cannot be called", e);
    }
  }
}
