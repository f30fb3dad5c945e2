/** Limits over HTTP: of projects, API keys, users, assistants and threads. */
package dev.threadmill.limits.rest;
