package dev.threadmill.users;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;

/**
 * What a project holds about a user, or what was erased.
 *
 * @param id the user, as the metadata of threads name it; null once an erasure has ended
 * @param object {@code user.data} or {@code user.erasure}
 * @param status of an erasure: {@code completed}, or {@code in_progress} if there is more, which is
 *     erased in the background; left out in a report, as are the three that follow
 * @param erasureId by which the report of an erasure is read later
 * @param createdAt in Unix seconds
 * @param completedAt in Unix seconds
 * @param counts rows by what they are
 * @param threadIds the oldest threads, at most a thousand
 * @param fileIds the files that these threads have or name
 */
public record UserDataReport(
    String id,
    String object,
    @JsonInclude(JsonInclude.Include.NON_NULL) String status,
    @JsonInclude(JsonInclude.Include.NON_NULL) String erasureId,
    @JsonInclude(JsonInclude.Include.NON_NULL) Long createdAt,
    @JsonInclude(JsonInclude.Include.NON_NULL) Long completedAt,
    Map<String, Long> counts,
    List<String> threadIds,
    List<String> fileIds) {}
