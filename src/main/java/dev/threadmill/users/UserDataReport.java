package dev.threadmill.users;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;

/**
 * What a project holds about a user, or what was erased.
 *
 * @param id the user, as the metadata of threads name it
 * @param object {@code user.data} or {@code user.erasure}
 * @param status of an erasure: {@code completed}, or {@code in_progress} if there is more, which
 *     the same request erases; left out in a report
 * @param counts rows by what they are
 * @param threadIds the oldest threads, at most a thousand
 * @param fileIds the files that these threads have or name
 */
public record UserDataReport(
    String id,
    String object,
    @JsonInclude(JsonInclude.Include.NON_NULL) String status,
    Map<String, Long> counts,
    List<String> threadIds,
    List<String> fileIds) {}
