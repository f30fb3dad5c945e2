package dev.threadmill.tools.filesearch;

import dev.threadmill.api.ThreadId;
import dev.threadmill.search.TextQuery;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.MessageTexts;
import dev.threadmill.vectorstores.search.RewriteQuery;
import dev.threadmill.vectorstores.search.SearchRequest;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

/**
 * Completes queries of models that are too vague to find anything, such as "more details", with the
 * latest messages of the user.
 */
@ApplicationScoped
class CompleteQueries {
  /** Queries of fewer terms, stop words aside, are vague unless they have a number or a name. */
  private static final int MIN_TERMS = 2;

  private static final int MESSAGES = 4;
  private static final int MAX_ADDED = 600;

  /** Clocks of nodes differ. */
  private static final Duration LATER = Duration.ofMinutes(10);

  private final MessageTexts texts;
  private final InstantSource clock;

  CompleteQueries(MessageTexts texts, InstantSource clock) {
    this.clock = clock;
    this.texts = texts;
  }

  /** The queries, at least one. */
  List<String> complete(ThreadId thread, List<String> queries) {
    if (!queries.isEmpty() && queries.stream().noneMatch(CompleteQueries::isVague)) {
      return queries;
    }
    var said = said(thread);
    if (queries.isEmpty()) {
      return List.of(said.isEmpty() ? "?" : said);
    }
    return queries.stream()
        .map(query -> isVague(query) && !said.isEmpty() ? clipped(query + "\n" + said) : query)
        .toList();
  }

  private static boolean isVague(String query) {
    return query.codePoints().noneMatch(Character::isDigit)
        && query.codePoints().skip(1).noneMatch(Character::isUpperCase)
        && TextQuery.of(query).terms().size() < MIN_TERMS;
  }

  /** The latest messages of the user. */
  private String said(ThreadId thread) {
    var said = new StringBuilder();
    for (var message :
        texts.newest(thread, List.of(clock.instant().plus(LATER)), MESSAGES).messages()) {
      if (message.role() == Message.Role.USER) {
        said.append(said.isEmpty() ? "" : "\n").append(message.text());
      }
    }
    var text = said.toString();
    int from = Math.max(0, text.length() - MAX_ADDED);
    return RewriteQuery.rewrite(text.substring(from)).strip();
  }

  private static String clipped(String query) {
    return query.length() <= SearchRequest.MAX_QUERY
        ? query
        : query.substring(0, SearchRequest.MAX_QUERY);
  }
}
