package dev.threadmill.testing;

import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.TurnOptions;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunOpening;
import dev.threadmill.runs.store.RunSettings;
import dev.threadmill.runs.store.TruncationStrategy;
import java.time.Instant;
import java.util.List;

/** Runs as the database has them, for tests without one. */
public final class StoredRuns {
  private StoredRuns() {}

  /** A run of the rehearsal model that has just been created. */
  public static Run run(boolean exactReplay) {
    var settings =
        new RunSettings(
            "rehearsal",
            "",
            List.of(),
            new RunSettings.ToolUse(ToolChoice.AUTO, true),
            new RunSettings.Sampling(null, null, null),
            new RunSettings.TokenLimits(null, null),
            TruncationStrategy.AUTO,
            ResponseFormat.AUTO,
            null,
            null,
            TurnOptions.NONE,
            exactReplay,
            RunOpening.NONE);
    return Run.queued(
        new Run.Definition(
            new ThreadId("thread_1"),
            new RunId("run_1"),
            new ProjectId("proj_1"),
            null,
            settings,
            null,
            null,
            null,
            null),
        Metadata.EMPTY,
        Run.Times.created(Instant.EPOCH, Instant.EPOCH));
  }
}
