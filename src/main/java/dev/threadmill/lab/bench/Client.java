package dev.threadmill.lab.bench;

import java.io.IOException;
import java.sql.SQLException;

/**
 * Somebody who has runs done: through the server, or without it. Not for several threads at once.
 */
sealed interface Client extends AutoCloseable permits ServerClient, DirectClient {
  /** What the user says in every run. */
  String QUESTION = "How far is it from here to the mill, and what will it grind tomorrow?";

  /** The name of the one tool, and what it answers. */
  String TOOL = "get_grist";

  String TOOL_OUTPUT = "Rye, twelve sacks.";

  /** A run on a new thread with one message. Measured from this moment on. */
  Sample run(String model, long since) throws IOException, SQLException;

  /** The same with a model that calls the client's tool some times before it answers. */
  Sample runWithTool(String model, long since) throws IOException, SQLException;

  /** Makes a thread of this many messages. Returns its id. */
  String makeThread(int messages) throws IOException, SQLException;

  /** A run on that thread, with one more message. */
  Sample runOn(String thread, String model, long since) throws IOException, SQLException;

  @Override
  void close() throws IOException, SQLException;
}
