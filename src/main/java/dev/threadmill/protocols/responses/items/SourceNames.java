package dev.threadmill.protocols.responses.items;

import dev.threadmill.api.ThreadId;
import dev.threadmill.tools.code.Container;
import java.util.HashMap;
import java.util.Map;

/**
 * What the annotations of a text call the files that they refer to.
 *
 * @param container the id of the container whose code made the files
 * @param filenames the names of files, by their ids, as far as they are known
 * @param containers the ids of containers other than that, by the ids of their files
 */
public record SourceNames(
    String container, Map<String, String> filenames, Map<String, String> containers) {
  /** Of text that code of this container belongs to; names are to be added. */
  public static SourceNames of(String container) {
    return new SourceNames(container, new HashMap<>(), new HashMap<>());
  }

  /** Of text of this thread; names are to be added. */
  public static SourceNames of(ThreadId thread) {
    return of(Container.idOf(thread));
  }

  /** The name of a file, or its id. */
  String filename(String file) {
    return filenames.getOrDefault(file, file);
  }

  /** The name of a file that a link names. */
  String filename(String file, String link) {
    return filenames.getOrDefault(file, link.substring(link.lastIndexOf('/') + 1));
  }

  /** The container that a file is in. */
  String containerOf(String file) {
    return containers.getOrDefault(file, container);
  }
}
