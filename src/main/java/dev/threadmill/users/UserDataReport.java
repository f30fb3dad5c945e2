package dev.threadmill.users;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;

/**
 * What a project holds about a user, or what was erased.
 *
 * @param id of an erasure, by which its report is read later; of a report the user
 * @param object {@code user.data} or {@code user.erasure}
 * @param userId as the metadata of threads name the user; null once an erasure has ended
 * @param status of an erasure: {@code completed}, or {@code in_progress} if there is more, which is
 *     erased in the background; left out in a report, as are the two that follow
 * @param createdAt in Unix seconds
 * @param completedAt in Unix seconds
 * @param counts rows by what they are
 * @param threadIds the oldest threads, at most a thousand
 * @param fileIds the files that these threads have or name
 */
public record UserDataReport(
    String id,
    String object,
    String userId,
    @JsonInclude(JsonInclude.Include.NON_NULL) String status,
    @JsonInclude(JsonInclude.Include.NON_NULL) Long createdAt,
    @JsonInclude(JsonInclude.Include.NON_NULL) Long completedAt,
    Map<String, Long> counts,
    List<String> threadIds,
    List<String> fileIds) {}
