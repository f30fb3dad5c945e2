package dev.threadmill.models.rehearsal;

import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.Price;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * An offline model for development: it needs no network and no key, responds the same to the same
 * request, and says what it is. It calls the tools that the user names, and executes a few commands
 * in the text of the user (see docs/models.md).
 */
public final class RehearsalModel implements LanguageModel {
  /** The name under which it is always available. */
  public static final String NAME = "rehearsal";

  private static final Pattern WORD = Pattern.compile("\\s*\\S+\\s*|\\s+");
  private static final int SHOWN = 300;

  private final ModelInfo info;
  private final String introduction;

  private RehearsalModel(ModelInfo info, String introduction) {
    this.info = info;
    this.introduction = introduction;
  }

  @Override
  public boolean answersByRule() {
    return true;
  }

  /** The model under its own name. */
  public static RehearsalModel named() {
    return as(info(NAME));
  }

  /** The model under the description of a model of the models file. */
  static RehearsalModel as(ModelInfo info) {
    return new RehearsalModel(info, "I am the rehearsal model: I answer by rule, offline.");
  }

  /** The model in place of one that needs a provider, since none is configured. */
  public static RehearsalModel standInFor(String name) {
    return new RehearsalModel(
        info(name), "I am the rehearsal model: no provider is configured, so I answer by rule.");
  }

  private static ModelInfo info(String name) {
    return new ModelInfo(
        name,
        ModelInfo.IN_PROCESS,
        128_000,
        16_384,
        true,
        true,
        false,
        true,
        true,
        null,
        null,
        Price.FREE);
  }

  @Override
  public ModelInfo info() {
    return info;
  }

  @Override
  public ModelResponse answer(ModelRequest request, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    int at = lastUser(request.messages());
    var userText = at < 0 ? "" : text((ModelMessage.User) request.messages().get(at));
    var since = request.messages().subList(at + 1, request.messages().size());
    var script = RehearsalScript.of(userText, request.functions());
    var answer = new Delivery(request, script, deltas);
    if (script.failure().isPresent() && script.failAfter() == 0) {
      throw answer.failure();
    }
    if (script.think() != null) {
      answer.say(script.think(), ModelDelta.Reasoning::new, answer.reasoning);
    }
    var calls = calls(request, script, userText, since);
    if (!calls.isEmpty()) {
      answer.call(calls);
    } else if (script.refuse()) {
      answer.say("I am told to refuse this.", ModelDelta.Refusal::new, answer.refusal);
    } else {
      var text = upToStop(text(request, script, userText, since), request.stop());
      answer.say(text, ModelDelta.Text::new, answer.text);
    }
    return answer.whole();
  }

  /** The calls of this turn: those that the user asked for, or that the tool choice requires. */
  private static List<ModelToolCall> calls(
      ModelRequest request, RehearsalScript script, String userText, List<ModelMessage> since) {
    if (request.functions().isEmpty() || ToolChoice.NONE.equals(request.toolChoice())) {
      return List.of();
    }
    int turn = 0;
    for (var message : since) {
      if (message instanceof ModelMessage.Assistant(_, var calls, _) && !calls.isEmpty()) {
        turn++;
      }
    }
    List<RehearsalScript.Call> wanted =
        turn < script.turns().size() ? script.turns().get(turn) : List.of();
    if (turn == 0) {
      wanted = demanded(request, wanted);
    }
    if (!request.parallelToolCalls() && wanted.size() > 1) {
      wanted = wanted.subList(0, 1);
    }
    var calls = new ArrayList<ModelToolCall>();
    for (var call : wanted) {
      var arguments = call.arguments();
      if (arguments == null) {
        arguments =
            SchemaSample.of(function(request, call.name()).parameters(), userText).toString();
      }
      calls.add(new ModelToolCall("call_rehearsal_" + calls.size(), call.name(), arguments));
    }
    return calls;
  }

  private static List<RehearsalScript.Call> demanded(
      ModelRequest request, List<RehearsalScript.Call> wanted) {
    String only =
        switch (request.toolChoice()) {
          case ToolChoice.Function(var name) -> name;
          case ToolChoice.BuiltIn(var type) -> type;
          case ToolChoice.Mode _ -> null;
          case null -> null;
        };
    if (only == null) {
      boolean must = ToolChoice.REQUIRED.equals(request.toolChoice());
      return must && wanted.isEmpty() ? List.of(made(request.functions().getFirst())) : wanted;
    }
    var chosen = wanted.stream().filter(call -> call.name().equals(only)).toList();
    if (!chosen.isEmpty()) {
      return chosen;
    }
    return request.functions().stream()
        .filter(function -> function.name().equals(only))
        .map(RehearsalModel::made)
        .toList();
  }

  private static RehearsalScript.Call made(FunctionSpec function) {
    return new RehearsalScript.Call(function.name(), null);
  }

  private static FunctionSpec function(ModelRequest request, String name) {
    return request.functions().stream()
        .filter(function -> function.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private String text(
      ModelRequest request, RehearsalScript script, String userText, List<ModelMessage> since) {
    if (script.say() != null) {
      return script.say();
    }
    switch (request.responseFormat()) {
      case ResponseFormat.JsonObject _ -> {
        return "{\"model\":\"rehearsal\",\"words\":" + words(userText) + "}";
      }
      case ResponseFormat.JsonSchema(var definition) -> {
        return SchemaSample.of(definition.get("schema"), userText).toString();
      }
      case ResponseFormat.Auto _, ResponseFormat.Text _ -> {}
      case null -> {}
    }
    if (script.words() > 0) {
      var text = new StringBuilder();
      for (int i = 1; i <= script.words(); i++) {
        text.append(i == 1 ? "" : " ").append("word").append(i);
      }
      return text.toString();
    }
    var text = new StringBuilder(introduction);
    var results = results(since);
    results.forEach(result -> text.append('\n').append(result));
    if (results.isEmpty()) {
      describe(request, userText, text);
    }
    return text.toString();
  }

  private static void describe(ModelRequest request, String userText, StringBuilder text) {
    text.append("\nYou said (%d words): %s".formatted(words(userText), shown(userText)));
    int images = 0;
    int sounds = 0;
    for (var message : request.messages()) {
      if (message instanceof ModelMessage.User(var parts)) {
        images += (int) parts.stream().filter(ModelPart.Image.class::isInstance).count();
        sounds += (int) parts.stream().filter(ModelPart.Audio.class::isInstance).count();
      }
    }
    if (images + sounds > 0) {
      text.append("\nThe prompt holds %d images and %d sounds.".formatted(images, sounds));
    }
    if (!request.functions().isEmpty()) {
      var names = request.functions().stream().map(FunctionSpec::name).limit(20).toList();
      text.append(
          "\nTools I can call when told to: %s. Say: call %s"
              .formatted(String.join(", ", names), names.getFirst()));
    }
  }

  private static List<String> results(List<ModelMessage> since) {
    var results = new ArrayList<String>();
    var calls = new ArrayList<ModelToolCall>();
    for (var message : since) {
      switch (message) {
        case ModelMessage.Assistant(_, var made, _) -> calls.addAll(made);
        case ModelMessage.ToolResult(var id, var output) -> {
          var name =
              calls.stream()
                  .filter(call -> call.id().equals(id))
                  .map(ModelToolCall::name)
                  .findFirst()
                  .orElse(id);
          results.add("The tool %s answered: %s".formatted(name, shown(output)));
        }
        case ModelMessage.System _, ModelMessage.User _ -> {}
      }
    }
    return results;
  }

  private static int lastUser(List<ModelMessage> messages) {
    for (int i = messages.size() - 1; i >= 0; i--) {
      if (messages.get(i) instanceof ModelMessage.User) {
        return i;
      }
    }
    return -1;
  }

  private static String text(ModelMessage.User user) {
    var text = new StringBuilder();
    for (var part : user.parts()) {
      if (part instanceof ModelPart.Text(var more)) {
        text.append(text.isEmpty() ? "" : "\n").append(more);
      }
    }
    return text.toString();
  }

  private static int words(String text) {
    return text.isBlank() ? 0 : text.strip().split("\\s+").length;
  }

  private static String shown(String text) {
    if (text.length() <= SHOWN) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(SHOWN - 1)) ? SHOWN - 1 : SHOWN;
    return text.substring(0, end) + "…";
  }

  private static String upToStop(String text, List<String> stops) {
    for (var stop : stops) {
      int at = stop.isEmpty() ? -1 : text.indexOf(stop);
      text = at < 0 ? text : text.substring(0, at);
    }
    return text;
  }

  /** Emits a response word by word, within its limits. */
  private static final class Delivery {
    final StringBuilder text = new StringBuilder();
    final StringBuilder refusal = new StringBuilder();
    final StringBuilder reasoning = new StringBuilder();
    private final List<ModelToolCall> calls = new ArrayList<>();
    private final ModelRequest request;
    private final RehearsalScript script;
    private final Consumer<ModelDelta> deltas;
    private int tokensLeft;
    private int wordsEmitted;
    private boolean cut;

    Delivery(ModelRequest request, RehearsalScript script, Consumer<ModelDelta> deltas) {
      this.request = request;
      this.script = script;
      this.deltas = deltas;
      var most = request.maxCompletionTokens();
      this.tokensLeft = most == null ? Integer.MAX_VALUE : most;
    }

    ModelException failure() {
      var kind = script.failure().orElseThrow();
      return new ModelException(kind, "The rehearsal model was told to fail.");
    }

    void say(String what, Function<String, ModelDelta> delta, StringBuilder whole)
        throws InterruptedException {
      var words = WORD.matcher(what);
      while (words.find() && take(words.group())) {
        deltas.accept(delta.apply(words.group()));
        whole.append(words.group());
      }
    }

    void call(List<ModelToolCall> wanted) throws InterruptedException {
      for (var call : wanted) {
        int index = calls.size();
        if (!take(call.name())) {
          return;
        }
        deltas.accept(new ModelDelta.ToolCallStarted(index, call.name()));
        var arguments = new StringBuilder();
        say(
            call.arguments(),
            fragment -> new ModelDelta.ToolCallArguments(index, fragment),
            arguments);
        calls.add(new ModelToolCall(call.id(), call.name(), arguments.toString()));
      }
    }

    /** Whether one more word is within the limit; waits or fails where the script says so. */
    private boolean take(String word) throws InterruptedException {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      if (script.failure().isPresent() && wordsEmitted++ >= script.failAfter()) {
        throw failure();
      }
      if (cut) {
        return false;
      }
      if (request.maxCompletionTokens() != null) {
        tokensLeft -= TokenCounter.count(word);
        cut = tokensLeft < 0;
      }
      if (!cut && script.pauseMillis() > 0) {
        Thread.sleep(script.pauseMillis());
      }
      return !cut;
    }

    ModelResponse whole() {
      var finish =
          cut
              ? ModelResponse.FinishReason.LENGTH
              : calls.isEmpty()
                  ? ModelResponse.FinishReason.STOP
                  : ModelResponse.FinishReason.TOOL_CALLS;
      var answered = text.toString();
      var refused = refusal.isEmpty() ? null : refusal.toString();
      var thought = reasoning.isEmpty() ? null : reasoning.toString();
      var usage =
          new Usage(
              TokenCounter.count(request),
              TokenCounter.countResponse(answered, refused, thought, calls),
              TokenCounter.count(thought));
      return new ModelResponse(answered, refused, thought, calls, null, finish, usage);
    }
  }
}
