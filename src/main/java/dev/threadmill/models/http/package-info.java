/** What the clients of providers share about HTTP: transport, names of models, errors. */
package dev.threadmill.models.http;
