package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.models.Usage;
import dev.threadmill.threads.MessageStore;
import dev.threadmill.threads.PrepareMessages;
import dev.threadmill.threads.PrepareThread;
import dev.threadmill.threads.ThreadObject;
import dev.threadmill.threads.ThreadStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Creates a run, with its messages and if need be its thread, in one transaction. When this node
 * has room it claims the run in the same transaction, so the usual run is never queued and streams
 * from the node that its client is connected to.
 */
@ApplicationScoped
class CreateRun {
  private final Jdbc jdbc;
  private final Assistants assistants;
  private final ThreadStore threads;
  private final MessageStore messages;
  private final PrepareMessages prepareMessages;
  private final PrepareThread prepareThread;
  private final RunStore runs;
  private final LiveRuns liveRuns;
  private final StartRun startRun;
  private final Node node;
  private final Ids ids;

  CreateRun(
      Jdbc jdbc,
      Assistants assistants,
      ThreadStore threads,
      MessageStore messages,
      PrepareMessages prepareMessages,
      PrepareThread prepareThread,
      RunStore runs,
      LiveRuns liveRuns,
      StartRun startRun,
      Node node,
      Ids ids) {
    this.jdbc = jdbc;
    this.assistants = assistants;
    this.threads = threads;
    this.messages = messages;
    this.prepareMessages = prepareMessages;
    this.prepareThread = prepareThread;
    this.runs = runs;
    this.liveRuns = liveRuns;
    this.startRun = startRun;
    this.node = node;
    this.ids = ids;
  }

  /**
   * A run that was created.
   *
   * @param live the run if this node executes it
   */
  record Created(Run run, Optional<LiveRun> live) {}

  /** A run as it goes into the database, and what that puts on its tape. */
  private record Row(Run run, List<Told> news) {}

  /** Makes the row of the run within the transaction, once the place in the thread is known. */
  private interface Insert {
    Row in(Tx tx, boolean room);
  }

  /**
   * Creates a run on a thread.
   *
   * @throws ApiException 404 if there is no such thread or assistant; 400 if the thread is locked
   *     by another run
   */
  Created create(ProjectId project, ThreadId thread, RunRequest.Create request) {
    var assistantId =
        request.assistantId() != null
            ? request.assistantId()
            : threads.get(project, thread).assistantId();
    var settings = settings(project, assistantId, request.overrides());
    var additional =
        prepareMessages.of(project, "additional_messages", request.additionalMessages());
    return insert(
        (tx, room) -> {
          var locked =
              threads.lock(tx, project, thread, additional.size() + 1).requireOpenForRuns();
          messages.append(tx, locked, additional);
          var at = locked.firstTime().plus(additional.size(), ChronoUnit.MICROS);
          return row(
              tx, project, thread, assistantId, settings, request.metadata(), at, null, room);
        });
  }

  /** Creates a thread and a run on it. */
  Created create(ProjectId project, RunRequest.CreateWithThread request) {
    var settings = settings(project, request.assistantId(), request.overrides());
    var prepared = prepareThread.of(project, "thread.", request.threadToCreate());
    return insert(
        (tx, room) -> {
          var made = threads.create(tx, prepared);
          var locked = threads.lock(tx, project, made.id(), 1);
          return row(
              tx,
              project,
              made.id(),
              request.assistantId(),
              settings,
              request.metadata(),
              locked.firstTime(),
              ThreadObject.of(made),
              room);
        });
  }

  private Run.Settings settings(
      ProjectId project, AssistantId assistant, RunRequest.Overrides overrides) {
    if (assistant == null) {
      throw ApiException.missing("assistant_id");
    }
    return overrides.over(assistants.get(project, assistant));
  }

  private Created insert(Insert insert) {
    boolean room = node.isRegistered() && liveRuns.takeRoom();
    Row row;
    try {
      row = jdbc.inTransaction(tx -> insert.in(tx, room));
    } catch (RuntimeException e) {
      if (room) {
        liveRuns.giveRoomBack(1);
      }
      throw e;
    }
    return new Created(
        row.run(),
        room
            ? Optional.of(startRun.start(row.run(), EventId.START, row.news(), List.of()))
            : Optional.empty());
  }

  private Row row(
      Tx tx,
      ProjectId project,
      ThreadId thread,
      AssistantId assistant,
      Run.Settings settings,
      Metadata metadata,
      Instant at,
      ThreadObject madeThread,
      boolean room) {
    var queued =
        new Run(
            thread,
            ids.run(),
            project,
            assistant,
            RunStatus.QUEUED,
            settings,
            metadata == null ? Metadata.EMPTY : metadata,
            new Run.Times(at, at.plus(Run.LIFE), null, null, null, null),
            null,
            null,
            Usage.NONE,
            null,
            0,
            "");
    var run = room ? queued.claimed(node.id(), 1, at) : queued;
    var news = new ArrayList<Told>();
    if (room) {
      news.add(Telling.attemptBegan(1));
    }
    if (madeThread != null) {
      news.add(Telling.threadCreated(madeThread));
    }
    news.add(Telling.runCreated(run));
    news.add(Telling.runBefore(run, RunStatus.QUEUED, false, List.of()));
    if (room) {
      news.add(Telling.run(run));
    }
    runs.insert(tx, run.withTape(Tape.format(news.stream().map(Told::event).toList())));
    return new Row(run, news);
  }
}
