/** Reads requests for responses. */
package dev.threadmill.protocols.responses.request;
