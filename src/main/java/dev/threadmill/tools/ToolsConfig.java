package dev.threadmill.tools;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** Limits of tools that the server executes. */
@ConfigMapping(prefix = "threadmill.tools")
public interface ToolsConfig {
  /** THREADMILL_TOOLS_TIMEOUT: how long one try of a call may take unless its tool says so. */
  @WithDefault("30s")
  Duration timeout();

  /** THREADMILL_TOOLS_RETRIES: how often a call is tried again unless its tool says so. */
  @WithDefault("2")
  int retries();

  /** THREADMILL_TOOLS_FIRST_PAUSE: the pause before the second try; it doubles from there. */
  @WithDefault("500ms")
  Duration firstPause();

  /** THREADMILL_TOOLS_MAX_ANSWER: the most bytes that the answer of a tool may have. */
  @WithDefault("262144")
  int maxAnswer();

  /**
   * THREADMILL_TOOLS_INVALID_CALLS: how many calls of a run may be answered with an error because
   * they name no tool or have wrong arguments, before the run fails.
   */
  @WithDefault("8")
  int invalidCalls();

  /** THREADMILL_TOOLS_MCP_LIST_LIFE: how long the list of an MCP server's tools is cached. */
  @WithDefault("5m")
  Duration mcpListLife();

  /** THREADMILL_TOOLS_A2A_CARD_LIFE: how long the card of an A2A agent is cached. */
  @WithDefault("5m")
  Duration a2aCardLife();

  /**
   * THREADMILL_TOOLS_A2A_TIMEOUT: how long the task of an A2A agent may take unless its target says
   * so.
   */
  @WithDefault("5m")
  Duration a2aTimeout();
}
