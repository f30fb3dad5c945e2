package dev.threadmill.usage;

import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * A page of buckets of time, as the hosted usage API has it.
 *
 * @param nextPage the {@code page} of the next request; null at the end
 */
@Schema(name = "UsagePage")
public record UsagePage(String object, List<Bucket> data, boolean hasMore, String nextPage) {
  /**
   * A span of time, in Unix seconds.
   *
   * @param endTime behind its last moment
   * @param results one for each group that has any usage
   */
  @Schema(name = "UsageBucket")
  public record Bucket(String object, long startTime, long endTime, List<Object> results) {}
}
