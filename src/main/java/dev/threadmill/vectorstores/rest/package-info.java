/** The API of vector stores. */
package dev.threadmill.vectorstores.rest;
