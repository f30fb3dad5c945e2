package dev.threadmill.events;

import dev.threadmill.api.Json;
import dev.threadmill.telemetry.OutboxEvent;
import dev.threadmill.telemetry.OutboxSink;
import io.smallrye.common.annotation.Identifier;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Sends the events of the outbox to a topic of Kafka, if Kafka is configured. The key of a record
 * is the thread, so that the events of a thread stay in order; the value is the event as the log
 * shows it. While Kafka is down the events wait in the outbox.
 */
@ApplicationScoped
class KafkaEventSink implements OutboxSink {
  private static final int MAX_BLOCK_MS = 5_000;
  private static final int DELIVERY_TIMEOUT_MS = 15_000;
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

  private final Map<String, Object> settings;
  private final boolean isConfigured;
  private final String topic;
  private Producer<String, String> producer;

  /**
   * @param kafka the settings of Kafka's client
   */
  KafkaEventSink(
      @Identifier("default-kafka-broker") Map<String, Object> kafka,
      @ConfigProperty(name = "threadmill.signals.kafka") Optional<List<String>> servers,
      EventsConfig config) {
    this.settings = kafka;
    this.isConfigured = servers.isPresent();
    this.topic = config.kafkaTopic();
  }

  @Override
  public String name() {
    return "kafka";
  }

  @Override
  public boolean isEnabled() {
    return isConfigured;
  }

  @Override
  public void deliver(List<OutboxEvent> events) throws Exception {
    var sent = new ArrayList<Future<RecordMetadata>>();
    for (var event : events) {
      sent.add(producer().send(record(event)));
    }
    producer().flush();
    for (var each : sent) {
      try {
        each.get();
      } catch (ExecutionException e) {
        throw e.getCause() instanceof Exception cause ? cause : e;
      }
    }
  }

  private ProducerRecord<String, String> record(OutboxEvent event) {
    var key = event.thread() == null ? event.project().value() : event.thread().value();
    var value = Json.write(EventObject.of(event.id(), event.payload()));
    var record = new ProducerRecord<>(topic, key, value);
    record.headers().add("event", event.type().getBytes(StandardCharsets.UTF_8));
    record.headers().add("id", event.id().getBytes(StandardCharsets.UTF_8));
    return record;
  }

  /** Is created when it is first needed: its creation fails while no host can be resolved. */
  private synchronized Producer<String, String> producer() {
    if (producer == null) {
      var all = new HashMap<>(settings);
      all.put(ProducerConfig.ACKS_CONFIG, "all");
      all.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
      all.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, MAX_BLOCK_MS);
      all.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, MAX_BLOCK_MS);
      all.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, DELIVERY_TIMEOUT_MS);
      all.put(ProducerConfig.LINGER_MS_CONFIG, 0);
      producer = new KafkaProducer<>(all, new StringSerializer(), new StringSerializer());
    }
    return producer;
  }

  @PreDestroy
  synchronized void close() {
    if (producer != null) {
      producer.close(CLOSE_TIMEOUT);
    }
  }
}
