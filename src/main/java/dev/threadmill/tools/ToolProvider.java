package dev.threadmill.tools;

import dev.threadmill.assistants.ToolSpec;
import java.util.Optional;

/**
 * One kind of tool. A new kind is one class that implements this, as a CDI bean, and the record of
 * its specification in {@link ToolSpec}.
 *
 * @param <S> the specification that clients send
 */
public interface ToolProvider<S extends ToolSpec> {
  /** The specifications that this provider serves. */
  Class<S> spec();

  /**
   * The tools that a run is offered. What cannot be offered is left out with a warning: a tool that
   * is broken or a server that is down does not fail the run.
   *
   * @throws InterruptedException if the run was stopped
   */
  ToolOffer tools(ToolScope scope, S spec) throws InterruptedException;

  /**
   * Why a model cannot be offered the tool on this server, as a sentence; empty if it can, as far
   * as the settings of the server say. Calls no other server.
   *
   * @param model null if it is not known
   */
  default Optional<String> objection(String model, S spec) {
    return Optional.empty();
  }

  /** Whether the specification may offer a function of this name; calls no other server. */
  boolean offers(S spec, String functionName);
}
