package dev.threadmill.models.moderations;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * The answer of a provider to a request for moderations.
 *
 * @param results one for each input, as the provider returned them
 */
public record ModerationList(String id, String model, List<JsonNode> results) {}
