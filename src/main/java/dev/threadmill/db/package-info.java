/** A thin layer over JDBC: transactions, rows as records, pages by keyset. */
package dev.threadmill.db;
