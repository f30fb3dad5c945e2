package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.files.Files;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.items.ItemObjects;
import dev.threadmill.protocols.responses.items.SealedItems;
import dev.threadmill.protocols.responses.items.SourceNames;
import dev.threadmill.protocols.responses.request.Include;
import dev.threadmill.runs.api.ThreadItem;
import dev.threadmill.threads.Annotation;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import dev.threadmill.tools.code.Container;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Items of threads as they are shown, with the names of the files that they cite. */
@ApplicationScoped
class ShowItems {
  private final Files files;
  private final SealedItems sealed;

  ShowItems(Files files, SealedItems sealed) {
    this.files = files;
    this.sealed = sealed;
  }

  /** The items, in their order. Costs one statement if a message cites files. */
  List<JsonNode> of(
      ProjectId project, ThreadId thread, List<? extends ThreadItem> items, Include include) {
    var names = SourceNames.of(thread);
    var cited = new HashSet<FileId>();
    for (var item : items) {
      if (item instanceof ThreadItem.OfMessage(_, var message)) {
        addCited(message, cited);
      }
    }
    for (var file : files.findAll(project, cited)) {
      names.filenames().put(file.id().value(), file.filename());
      if (file.threadId() != null && !file.threadId().equals(thread)) {
        names.containers().put(file.id().value(), Container.idOf(file.threadId()));
      }
    }
    var shown = new ArrayList<JsonNode>();
    for (var item : items) {
      shown.add(shown(project, item, names, include));
    }
    return shown;
  }

  /** As {@link #of(ProjectId, ThreadId, List, Include)}, for one item. */
  JsonNode of(ProjectId project, ThreadId thread, ThreadItem item, Include include) {
    return of(project, thread, List.of(item), include).getFirst();
  }

  private static void addCited(Message message, Set<FileId> cited) {
    for (var part : message.content()) {
      if (part instanceof ContentPart.Text text) {
        for (var annotation : text.text().annotations()) {
          var file =
              switch (annotation) {
                case Annotation.FileCitation(_, _, _, var of, _) -> of;
                case Annotation.FilePath(_, _, _, var of) -> of;
                case Annotation.UrlCitation _ -> null;
              };
          if (file != null && file.fileId() != null && file.fileId().startsWith(FileId.PREFIX)) {
            cited.add(new FileId(file.fileId()));
          }
        }
      }
    }
  }

  private JsonNode shown(ProjectId project, ThreadItem item, SourceNames names, Include include) {
    if (item instanceof ThreadItem.OfCall call && call.type().equals(ItemObjects.COMPACTION)) {
      return compaction(project, call.key().id(), call.output());
    }
    var object = ItemObjects.of(item, names);
    if (item instanceof ThreadItem.OfCall call && call.output() != null) {
      var type = object.path("type").asText();
      if (type.equals("file_search_call") && include.searchResults()) {
        object.set("results", CallResults.ofSearch(call.details(), names));
      } else if (type.equals("code_interpreter_call") && include.codeOutputs()) {
        object.set("outputs", CallResults.ofCode(call.output(), call.details()));
      } else if (type.equals("web_search_call")) {
        CallResults.addWebSearch(object, call.details(), include);
      }
    }
    return object;
  }

  /**
   * A summary that stands for the history before it.
   *
   * @param id of the call that made it
   */
  JsonNode compaction(ProjectId project, String id, String summary) {
    return Json.MAPPER
        .createObjectNode()
        .put("id", ItemIds.with(ItemIds.COMPACTION, id))
        .put("type", ItemObjects.COMPACTION)
        .put("encrypted_content", sealed.compaction(project, summary));
  }
}
