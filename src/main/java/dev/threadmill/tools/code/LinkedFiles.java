package dev.threadmill.tools.code;

import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.threads.Annotation;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Optional;

/** Finds the files that answers link to, as in {@code sandbox:/mnt/data/report.csv}. */
@ApplicationScoped
public class LinkedFiles {
  /** What all links begin with. */
  public static final String PREFIX = "sandbox:/mnt/data/";

  private static final String PUNCTUATION = ".,:;!?*_";

  /** Each removed character costs a query. */
  private static final int MAX_PUNCTUATION = 8;

  private final Jdbc jdbc;

  public LinkedFiles(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * The annotation of a link; empty if the thread has no such file. Punctuation behind the path
   * does not belong to it unless the name of the file has it; at most 8 characters are taken for
   * such.
   *
   * @param thread the thread of the session that the code ran in
   * @param start the index of its first code point in the message
   */
  public Optional<Annotation> resolve(ProjectId project, ThreadId thread, String link, int start) {
    int shortest = Math.max(PREFIX.length() + 1, link.length() - MAX_PUNCTUATION);
    for (int end = link.length(); end >= shortest; end--) {
      var text = link.substring(0, end);
      for (var path : paths(text.substring(PREFIX.length()))) {
        var file = find(project, thread, path);
        if (file.isPresent()) {
          var reference = new Annotation.FileReference(file.get().value());
          return Optional.of(
              new Annotation.FilePath(
                  text, start, start + text.codePointCount(0, text.length()), reference));
        }
      }
      if (PUNCTUATION.indexOf(link.charAt(end - 1)) < 0) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  private Optional<FileId> find(ProjectId project, ThreadId thread, String path) {
    return jdbc.one(
        """
        SELECT file_id FROM code_files
        WHERE thread_id = ? AND project_id = ? AND path = ? AND file_id IS NOT NULL
        """,
        row -> row.text("file_id", FileId::new),
        thread,
        project,
        path);
  }

  /** The path as it is written, and as it reads if it is encoded for a URL. */
  private static LinkedHashSet<String> paths(String written) {
    var paths = new LinkedHashSet<String>();
    paths.add(written);
    if (written.contains("%")) {
      try {
        paths.add(URLDecoder.decode(written.replace("+", "%2B"), StandardCharsets.UTF_8));
      } catch (IllegalArgumentException e) {
        // It is not encoded.
      }
    }
    paths.removeIf(path -> path.indexOf('\0') >= 0);
    return paths;
  }
}
