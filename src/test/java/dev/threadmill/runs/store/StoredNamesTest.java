package dev.threadmill.runs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The words by which rows name executors and types of calls, which a release never changes. */
class StoredNamesTest {
  @Test
  void executorsKeepTheirWords() {
    assertThat(Stream.of(ToolCall.Executor.values()).map(ToolCall.Executor::stored))
        .containsExactly("client", "server", "nobody", "approval", "approved", "begun", "agent");
  }

  @Test
  void everyWordReadsAsTheExecutorThatWroteIt() {
    for (var executor : ToolCall.Executor.values()) {
      assertThat(ToolCall.Executor.ofStored(executor.stored())).isEqualTo(executor);
    }
    assertThatThrownBy(() -> ToolCall.Executor.ofStored("assistant"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void everyTypeOfCallsIsReadFromItsWordAndAnyOtherWordIsAFunction() {
    var words =
        List.of(
            "function",
            "agent_routing",
            "code_interpreter",
            "file_search",
            "web_search",
            "mcp_list_tools",
            "compaction");

    assertThat(words.stream().map(CallType::of)).containsExactly(CallType.values());
    assertThat(CallType.of("webhook")).isEqualTo(CallType.FUNCTION);
    assertThat(CallType.of(null)).isEqualTo(CallType.FUNCTION);
  }

  @Test
  void forksOfAThreadKeepTheResultsOfSearchesOnly() {
    assertThat(CallType.sqlOfForkedResults()).isEqualTo("('file_search', 'web_search')");
  }
}
