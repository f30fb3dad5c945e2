package dev.threadmill.models;

/**
 * The error that a provider returned. Texts are empty where it says nothing.
 *
 * @param status of the response; 0 if the error came within a stream
 * @param message as the provider wrote it; not for clients, as it may hold addresses and keys
 * @param param the parameter that the error is about
 */
public record ProviderError(int status, String message, String type, String code, String param) {}
