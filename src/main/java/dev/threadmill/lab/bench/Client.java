package dev.threadmill.lab.bench;

import java.io.IOException;
import java.sql.SQLException;

/** A client that creates runs, through the server or without it. Not thread-safe. */
sealed interface Client extends AutoCloseable permits ServerClient, DirectClient {
  /** The user's message of every run. */
  String QUESTION = "How far is it from here to the mill, and what will it grind tomorrow?";

  /** The name of the only tool; {@link #TOOL_OUTPUT} is its output. */
  String TOOL = "get_grist";

  String TOOL_OUTPUT = "Rye, twelve sacks.";

  /**
   * Executes a run on a new thread with one message.
   *
   * @param since the start of the measurement in terms of {@link System#nanoTime}
   */
  Sample run(String model, long since) throws IOException, SQLException;

  /** Executes a run whose model calls the client's tool before it answers. */
  Sample runWithTool(String model, long since) throws IOException, SQLException;

  /** Creates a thread of this many messages and returns its id. */
  String makeThread(int messages) throws IOException, SQLException;

  /** Executes a run on that thread, with one more message. */
  Sample runOn(String thread, String model, long since) throws IOException, SQLException;

  @Override
  void close() throws IOException, SQLException;
}
