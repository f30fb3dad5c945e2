package dev.threadmill.testing;

import java.util.LinkedHashMap;
import java.util.Map;

/** Objects of every kind that the API has, for tests that call all of its operations. */
public final class ApiObjects {
  private ApiObjects() {}

  /** The path of an operation that is about these objects. */
  public static String path(String template, Map<String, String> ids) {
    var path = template;
    for (var id : ids.entrySet()) {
      path = path.replace("{" + id.getKey() + "}", id.getValue());
    }
    return path;
  }

  /** One of each: what every operation can be asked about. */
  public static Map<String, String> create(
      ApiClient user, ApiClient admin, FakeProvider provider, String model) {
    var ids = new LinkedHashMap<String, String>();
    var conversation = Conversation.of(user, model, "Go", "ask");
    provider.reply(
        Reply.call("ask", "{\"question\": 1}"), Reply.text("It is done."), Reply.text("Again."));
    var waiting = conversation.until(conversation.run(), "requires_action");
    conversation.submit(waiting, Conversation.outputs(Conversation.calls(waiting)));
    var run = conversation.until(waiting, "completed");
    ids.put("assistant_id", conversation.assistant());
    ids.put("thread_id", conversation.thread());
    ids.put("run_id", run.path("id").asText());
    ids.put("message_id", conversation.lastMessage().path("id").asText());
    ids.put("step_id", conversation.steps(run).path(0).path("id").asText());
    ids.put("conversation_id", conversation.thread().replace("thread_", "conv_"));
    provider.reply(Reply.text("A response."));
    ids.put(
        "response_id",
        user.post("/v1/responses", "{\"model\": \"%s\", \"input\": \"Go\"}".formatted(model)).id());
    var project = admin.post("/v1/projects", "{\"name\": \"truth\"}");
    ids.put("project_id", project.id());
    ids.put("key_id", admin.post("/v1/projects/" + project.id() + "/api_keys", "{}").id());
    ids.put("vector_store_id", user.post("/v1/vector_stores", "{}").id());
    ids.put("batch_id", "vsfb_none");
    ids.put(
        "file_id",
        new FormBody()
            .field("purpose", "assistants")
            .file("file", "a.txt", "a")
            .post(user, "/v1/files")
            .id());
    var container =
        user.post(
            "/v1/containers",
            "{\"name\": \"c\", \"file_ids\": [\"%s\"]}".formatted(ids.get("file_id")));
    // A machine without a sandbox has none.
    ids.put("container_id", container.status() == 200 ? container.id() : "cntr_none");
    ids.put("model", "rehearsal");
    ids.put(
        "upload_id",
        user.post(
                "/v1/uploads",
                """
                {"filename": "a.txt", "purpose": "assistants", "bytes": 1, "mime_type": "text/plain"}
                """)
            .id());
    ids.put(
        "webhook_endpoint_id",
        user.post(
                "/v1/webhook_endpoints",
                """
                {"name": "n", "url": "http://127.0.0.1:9/", "event_types": ["*"]}
                """)
            .id());
    ids.put(
        "import_id",
        user.post("/v1/imports", "{\"file_ids\": [\"%s\"]}".formatted(ids.get("file_id"))).id());
    ids.put("token_id", user.post("/v1/client_tokens", "{\"user\": \"ada\"}").id());
    ids.put("delivery_id", "whd_none");
    ids.put("entry_id", "dbg_none");
    ids.put(
        "erasure_id",
        admin.delete("/v1/projects/" + project.id() + "/users/erased").json().path("id").asText());
    ids.put("user", "nobody");
    ids.put("version", "1");
    ids.put("item_id", "fact_1");
    return ids;
  }
}
