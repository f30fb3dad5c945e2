package dev.threadmill.imports;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;

/**
 * An import on the wire. Times are Unix seconds.
 *
 * @param stage what is done now
 * @param counts how many objects were read, created, were present before, or failed, by their kind
 * @param problems what could not be taken, or not as a whole: the first of them
 * @param error why it failed; left out otherwise
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ImportObject(
    String id,
    String object,
    long createdAt,
    ImportJob.Status status,
    ImportJob.Stage stage,
    boolean keepIds,
    String source,
    Map<String, Map<String, Long>> counts,
    List<ImportStore.Problem> problems,
    String error,
    Long completedAt) {

  static ImportObject of(
      ImportJob job, Map<String, Map<String, Long>> counts, List<ImportStore.Problem> problems) {
    return new ImportObject(
        job.id().value(),
        "import",
        job.createdAt().getEpochSecond(),
        job.status(),
        job.stage(),
        job.request().keepIds(),
        job.request().source(),
        counts,
        problems,
        job.error(),
        job.completedAt() == null ? null : job.completedAt().getEpochSecond());
  }
}
