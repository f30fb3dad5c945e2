package dev.threadmill;

import dev.threadmill.api.InvalidSettingException;
import dev.threadmill.api.http.RequestHeadTimeout;
import dev.threadmill.db.DatabaseCheck;
import dev.threadmill.db.DatabaseUrl;
import dev.threadmill.db.embedded.EmbeddedPostgres;
import dev.threadmill.db.embedded.EmbeddedPostgres.Options;
import dev.threadmill.db.embedded.EmbeddedPostgresException;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.smallrye.config.ConfigValidationException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Starts the database and then Quarkus, and stops them in reverse order. */
@QuarkusMain
public final class Threadmill {
  /** Read by the JVM when the first virtual thread starts. */
  private static final String CARRIERS = "jdk.virtualThreadScheduler.parallelism";

  private static final int CARRIERS_PER_CORE = 4;
  private static final CountDownLatch SERVER_STOPPED = new CountDownLatch(1);
  private static volatile boolean stopping;

  private static Logger hibernate; // a reference, since an unreferenced logger loses its level

  // Quarkus creates a bean of this class.
  Threadmill() {}

  /** Runs until it is stopped; exit code 1 and one line on standard error if it cannot start. */
  public static void main(String... args) {
    // Quarkus warns when logging was used before its log manager is in place.
    System.setProperty("java.util.logging.manager", "org.jboss.logmanager.LogManager");
    System.setProperty(RequestHeadTimeout.ENABLE_PROPERTY, RequestHeadTimeout.ENABLED);
    // SQL, JSON and headers are formatted alike on every machine, also by libraries.
    Locale.setDefault(Locale.ROOT);
    useMoreCarriers();
    try {
      StartupConfig settings = StartupConfig.from(System.getenv());
      CheckSettings.ofThisProcess();
      settings.checkPort();
      settings.checkHome();
      Optional<EmbeddedPostgres> embedded = database(settings);
      configureQuarkus(settings, embedded);
      Runtime.getRuntime()
          .addShutdownHook(new Thread(() -> stopDatabase(embedded), "stop-postgres"));
    } catch (InvalidSettingException | EmbeddedPostgresException e) {
      fail(e.getMessage());
    } catch (ConfigValidationException e) {
      new StartupFailure(e).printTo(System.err);
      System.exit(1);
    } catch (InterruptedException e) {
      fail("interrupted while starting");
    }
    // Its early output would surround the one line about a wrong setting.
    hibernate = Logger.getLogger("org.hibernate");
    hibernate.setLevel(Level.WARNING);
    Quarkus.run(null, Threadmill::onQuarkusExit, args);
  }

  /**
   * Virtual threads are not preempted: with one carrier for each core, as many requests that
   * compute for long, such as those with a large schema, would hold all others. The operating
   * system shares the cores among more carriers. An option of the JVM has precedence.
   */
  private static void useMoreCarriers() {
    if (System.getProperty(CARRIERS) == null) {
      int cores = Runtime.getRuntime().availableProcessors();
      System.setProperty(CARRIERS, Integer.toString(CARRIERS_PER_CORE * cores));
    }
  }

  private static Optional<EmbeddedPostgres> database(StartupConfig settings)
      throws InterruptedException {
    if (settings.database().isPresent()) {
      DatabaseUrl url = settings.database().get();
      Optional<String> problem = DatabaseCheck.problem(url);
      if (problem.isPresent()) {
        throw new InvalidSettingException("THREADMILL_DATABASE_URL", problem.get());
      }
      return Optional.empty();
    }
    Path usual = StartupConfig.home(System.getenv()).resolve("cache");
    return Optional.of(
        EmbeddedPostgres.start(
            Options.at(settings.home())
                .withCache(settings.cache())
                .withMoreCaches(List.of(usual))
                .withProgress(line -> System.out.println("threadmill: " + line))));
  }

  /** Configures Quarkus by system properties, which override every other source. */
  private static void configureQuarkus(
      StartupConfig settings, Optional<EmbeddedPostgres> embedded) {
    set("quarkus.http.host", settings.host().getHostAddress());
    set("quarkus.http.port", Integer.toString(settings.port()));
    set("threadmill.home", settings.home().toString());
    settings.publicUrl().ifPresent(url -> set("threadmill.protocols.public-url", url));
    if (!settings.corsOrigins().isEmpty()) {
      set("quarkus.http.cors.enabled", "true");
      set("quarkus.http.cors.origins", String.join(",", settings.corsOrigins()));
    }
    settings
        .kafka()
        .ifPresent(
            servers -> {
              set("threadmill.signals.connector", "smallrye-kafka");
              set("threadmill.signals.kafka", servers);
            });
    embedded.ifPresent(
        postgres -> {
          set("quarkus.datasource.jdbc.url", postgres.jdbcUrl());
          set("quarkus.datasource.username", postgres.user());
          set("quarkus.datasource.password", postgres.password());
        });
    settings
        .database()
        .ifPresent(
            url -> {
              set("quarkus.datasource.jdbc.url", url.jdbcUrl());
              url.user().ifPresent(user -> set("quarkus.datasource.username", user));
              url.password().ifPresent(secret -> set("quarkus.datasource.password", secret));
            });
  }

  private static void set(String property, String value) {
    System.setProperty(property, value);
  }

  /** Quarkus has stopped or could not start. */
  private static void onQuarkusExit(int code, Throwable failure) {
    if (failure != null) {
      new StartupFailure(failure).printTo(System.err);
    }
    SERVER_STOPPED.countDown();
    if (!stopping) {
      System.exit(code);
    }
  }

  /**
   * Shutdown hooks run concurrently, so this one waits for Quarkus before it stops the database.
   */
  private static void stopDatabase(Optional<EmbeddedPostgres> embedded) {
    stopping = true;
    try {
      if (!SERVER_STOPPED.await(60, TimeUnit.SECONDS)) {
        System.err.println(
            "threadmill: the server did not stop within 60 s; stopping its database anyway");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    embedded.ifPresent(EmbeddedPostgres::close);
  }

  private static void fail(String line) {
    System.err.println("threadmill: " + line);
    System.exit(1);
  }
}
