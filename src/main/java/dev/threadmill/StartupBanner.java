package dev.threadmill;

import dev.threadmill.console.ConsoleConfig;
import dev.threadmill.projects.BootstrapKeys;
import dev.threadmill.projects.Secret;
import io.quarkus.vertx.http.HttpServerStart;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import java.io.PrintStream;
import org.eclipse.microprofile.config.Config;

/**
 * Prints the address of the server, and at the first start the generated keys and snippets to try
 * it with. Keys go to standard output only, never to the log.
 */
@ApplicationScoped
public class StartupBanner {
  private final BootstrapKeys firstStart;
  private final ConsoleConfig console;
  private final Config config;

  StartupBanner(BootstrapKeys firstStart, ConsoleConfig console, Config config) {
    this.firstStart = firstStart;
    this.console = console;
    this.config = config;
  }

  void onServing(@ObservesAsync HttpServerStart server) {
    print(System.out);
  }

  private void print(PrintStream out) {
    out.print(text(url(), console.enabled(), firstStart.generatedKeys()));
    out.flush();
  }

  /** The banner for this address. */
  static String text(String url, boolean hasConsole, BootstrapKeys.GeneratedKeys made) {
    var text = new StringBuilder("\nThreadmill serves %s/v1\n".formatted(url));
    if (hasConsole) {
      text.append("  console    %s/console\n".formatted(url));
    }
    text.append("  API pages  %s/docs\n".formatted(url));
    text.append("  to stop    Ctrl-C, or kill -TERM %d\n".formatted(ProcessHandle.current().pid()));
    made.adminKey().ifPresent(key -> text.append("  admin key  %s\n".formatted(key.value())));
    made.apiKey().ifPresent(key -> text.append("  API key    %s\n".formatted(key.value())));
    if (made.adminKey().isPresent() || made.apiKey().isPresent()) {
      text.append("  Keep them: keys are shown this once and not stored.\n");
    } else {
      text.append(
          """
            The keys were printed at the first start, or are those that were set. To get new ones,
            start with THREADMILL_API_KEY and THREADMILL_ADMIN_KEY set: they replace the old.
          """);
    }
    made.apiKey().ifPresent(key -> text.append(snippets(url, key)));
    return text.append('\n').toString();
  }

  private static String snippets(String url, Secret key) {
    return """

    Try it with curl:

    KEY='%2$s'
    ASSISTANT=$(curl -s %1$s/v1/assistants -H "Authorization: Bearer $KEY" \\
      -H 'Content-Type: application/json' -d '{"model": "rehearsal"}' \\
      | grep -o 'asst_[A-Za-z0-9]*')
    curl -sN %1$s/v1/threads/runs -H "Authorization: Bearer $KEY" \\
      -H 'Content-Type: application/json' \\
      -d '{"assistant_id": "'$ASSISTANT'", "stream": true,
           "thread": {"messages": [{"role": "user", "content": "Hello"}]}}'

    or with the official SDK (pip install openai):

    from openai import OpenAI

    client = OpenAI(base_url="%1$s/v1", api_key="%2$s")
    assistant = client.beta.assistants.create(model="rehearsal")
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id,
        thread={"messages": [{"role": "user", "content": "Hello"}]})
    print(client.beta.threads.messages.list(run.thread_id).data[0].content[0].text.value)

    """
        .formatted(url, key.value());
  }

  private String url() {
    var host = config.getValue("quarkus.http.host", String.class);
    int port = config.getValue("quarkus.http.port", Integer.class);
    boolean isAny = host.equals("0.0.0.0") || host.equals("::") || host.equals("0:0:0:0:0:0:0:0");
    var name = isAny ? "localhost" : host.contains(":") ? "[" + host + "]" : host;
    return "http://%s:%d".formatted(name, port);
  }
}
