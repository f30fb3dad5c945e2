/**
 * Finds a model by its name: the models file, the listings of providers, and {@code GET
 * /v1/models}.
 */
package dev.threadmill.models.registry;
