import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.beta.assistants.AssistantCreateParams;
import com.openai.models.beta.assistants.FileSearchTool;
import com.openai.models.beta.threads.ThreadCreateParams;
import com.openai.models.beta.threads.messages.MessageListParams;
import com.openai.models.beta.threads.runs.Run;
import com.openai.models.beta.threads.runs.RunCreateParams;
import com.openai.models.beta.threads.runs.RunRetrieveParams;
import com.openai.models.beta.threads.runs.RunStatus;
import com.openai.models.beta.threads.runs.RunSubmitToolOutputsParams;
import com.openai.models.files.FileCreateParams;
import com.openai.models.files.FilePurpose;
import com.openai.models.vectorstores.VectorStoreCreateParams;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The tutorial with the official SDK of Java: com.openai:openai-java. */
public class Tutorial {
  static final Set<RunStatus> MOVING =
      Set.of(RunStatus.QUEUED, RunStatus.IN_PROGRESS, RunStatus.CANCELLING);

  public static void main(String[] args) throws Exception {
    var url = System.getenv().getOrDefault("THREADMILL_URL", "http://127.0.0.1:8080");
    var client =
        OpenAIOkHttpClient.builder()
            .baseUrl(url + "/v1")
            .apiKey(System.getenv("THREADMILL_API_KEY"))
            .build();

    // 1. A file, in a vector store that searches it.
    var file = Files.createTempDirectory("tutorial").resolve("handbook.txt");
    Files.writeString(file, "The office in Ulm opens at half past eight. Bring your badge.");
    var handbook =
        client
            .files()
            .create(FileCreateParams.builder().purpose(FilePurpose.ASSISTANTS).file(file).build());
    var store =
        client
            .vectorStores()
            .create(
                VectorStoreCreateParams.builder()
                    .name("Handbook")
                    .fileIds(List.of(handbook.id()))
                    .build());
    while (client.vectorStores().retrieve(store.id()).fileCounts().inProgress() > 0) {
      Thread.sleep(200);
    }

    // 2. An assistant that searches the file and calls a function of ours.
    var weather =
        FunctionDefinition.builder()
            .name("get_weather")
            .description("The weather in a city")
            .parameters(
                FunctionParameters.builder()
                    .putAdditionalProperty("type", JsonValue.from("object"))
                    .putAdditionalProperty(
                        "properties", JsonValue.from(Map.of("city", Map.of("type", "string"))))
                    .putAdditionalProperty("required", JsonValue.from(List.of("city")))
                    .build())
            .build();
    var assistant =
        client
            .beta()
            .assistants()
            .create(
                AssistantCreateParams.builder()
                    .model(System.getenv().getOrDefault("MODEL", "rehearsal"))
                    .instructions(
                        "Answer from the handbook. Report the weather when it is asked for.")
                    .addTool(FileSearchTool.builder().build())
                    .addFunctionTool(weather)
                    .toolResources(
                        AssistantCreateParams.ToolResources.builder()
                            .fileSearch(
                                AssistantCreateParams.ToolResources.FileSearch.builder()
                                    .addVectorStoreId(store.id())
                                    .build())
                            .build())
                    .build());

    // 3. A thread with a question. The second line is for the rehearsal model, which calls what it
    // is told to.
    var question =
        """
        When does the office in Ulm open, and do I need an umbrella?
        call file_search {"queries": ["office opens"]} then call get_weather {"city": "Ulm"}""";
    var threads = client.beta().threads();
    var thread =
        threads.create(
            ThreadCreateParams.builder()
                .addMessage(
                    ThreadCreateParams.Message.builder()
                        .role(ThreadCreateParams.Message.Role.USER)
                        .content(question)
                        .build())
                .build());

    // 4. A run. It waits for the function, which is ours.
    Run run =
        threads
            .runs()
            .create(thread.id(), RunCreateParams.builder().assistantId(assistant.id()).build());
    while (MOVING.contains(run.status()) || run.status().equals(RunStatus.REQUIRES_ACTION)) {
      if (run.status().equals(RunStatus.REQUIRES_ACTION)) {
        var outputs = RunSubmitToolOutputsParams.builder().threadId(thread.id());
        for (var call : run.requiredAction().orElseThrow().submitToolOutputs().toolCalls()) {
          outputs.addToolOutput(
              RunSubmitToolOutputsParams.ToolOutput.builder()
                  .toolCallId(call.id())
                  .output("rain, 9 degrees, for " + call.function().arguments())
                  .build());
        }
        threads.runs().submitToolOutputs(run.id(), outputs.build());
      }
      Thread.sleep(200);
      run =
          threads
              .runs()
              .retrieve(run.id(), RunRetrieveParams.builder().threadId(thread.id()).build());
    }

    // 5. The answer.
    System.out.println("status: " + run.status());
    var newest = threads.messages().list(thread.id(), MessageListParams.builder().limit(1).build());
    var answer = newest.items().getFirst().content().getFirst();
    System.out.println("answer: " + answer.asText().text().value());
    client.close();
  }
}
