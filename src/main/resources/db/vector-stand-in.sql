-- The stand-in for pgvector, where pgvector itself cannot be compiled: the same type name, dimensions and distance operators, so
-- that the same statements run. Exact and slow; it has no index (there is no access method hnsw in pg_am).
-- A vector is kept as its text '[1,2,3]', so the internal functions of text carry it in and out. The length that varchar(n) counts
-- stands for the number of dimensions: vector(384) has the type modifier 384 + 4, as varchar has.

CREATE TYPE vector;

CREATE FUNCTION vector_in(cstring, oid, integer) RETURNS vector
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textin';
CREATE FUNCTION vector_out(vector) RETURNS cstring
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textout';
CREATE FUNCTION vector_recv(internal, oid, integer) RETURNS vector
  LANGUAGE internal STABLE STRICT PARALLEL SAFE AS 'textrecv';
CREATE FUNCTION vector_send(vector) RETURNS bytea
  LANGUAGE internal STABLE STRICT PARALLEL SAFE AS 'textsend';
CREATE FUNCTION vector_typmod_in(cstring[]) RETURNS integer
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'varchartypmodin';
CREATE FUNCTION vector_typmod_out(integer) RETURNS cstring
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'varchartypmodout';

CREATE TYPE vector (
  INPUT = vector_in,
  OUTPUT = vector_out,
  RECEIVE = vector_recv,
  SEND = vector_send,
  TYPMOD_IN = vector_typmod_in,
  TYPMOD_OUT = vector_typmod_out,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = int4,
  STORAGE = extended
);

-- A vector and a text are the same bytes.
CREATE CAST (vector AS text) WITHOUT FUNCTION;

CREATE FUNCTION vector_to_float8(vector) RETURNS double precision[]
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN translate($1::text, '[]', '{}')::double precision[];

CREATE FUNCTION vector_to_float4(vector, integer, boolean) RETURNS real[]
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN translate($1::text, '[]', '{}')::real[];

CREATE CAST (vector AS real[]) WITH FUNCTION vector_to_float4(vector, integer, boolean) AS IMPLICIT;

CREATE FUNCTION vector_dims(vector) RETURNS integer
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN coalesce(cardinality(vector_to_float8($1)), 0);

-- Called on every store into a column vector(n): refuses another number of dimensions, and what is no vector at all.
CREATE FUNCTION vector(vector, integer, boolean) RETURNS vector
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF $2 >= 4 AND vector_dims($1) <> $2 - 4 THEN
    RAISE EXCEPTION 'expected % dimensions, not %', $2 - 4, vector_dims($1) USING ERRCODE = 'data_exception';
  END IF;
  RETURN $1;
END
$$;

CREATE CAST (vector AS vector) WITH FUNCTION vector(vector, integer, boolean) AS IMPLICIT;

CREATE FUNCTION array_to_vector(real[], integer, boolean) RETURNS vector
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  RETURN vector(translate($1::text, '{}', '[]')::vector, $2, $3);
END
$$;

CREATE FUNCTION array_to_vector(double precision[], integer, boolean) RETURNS vector
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  RETURN vector(translate($1::text, '{}', '[]')::vector, $2, $3);
END
$$;

CREATE CAST (real[] AS vector) WITH FUNCTION array_to_vector(real[], integer, boolean) AS ASSIGNMENT;
CREATE CAST (double precision[] AS vector)
  WITH FUNCTION array_to_vector(double precision[], integer, boolean) AS ASSIGNMENT;

CREATE FUNCTION cosine_distance(vector, vector) RETURNS double precision
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  a double precision[] := vector_to_float8($1);
  b double precision[] := vector_to_float8($2);
  norms double precision;
  product double precision;
BEGIN
  IF cardinality(a) <> cardinality(b) THEN
    RAISE EXCEPTION 'different vector dimensions % and %', cardinality(a), cardinality(b)
      USING ERRCODE = 'data_exception';
  END IF;
  SELECT sqrt(sum(x * x)) * sqrt(sum(y * y)), sum(x * y) INTO norms, product FROM unnest(a, b) AS pair (x, y);
  RETURN CASE WHEN norms = 0 THEN 'NaN' ELSE 1 - greatest(-1, least(1, product / norms)) END;
END
$$;

CREATE FUNCTION l2_distance(vector, vector) RETURNS double precision
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  a double precision[] := vector_to_float8($1);
  b double precision[] := vector_to_float8($2);
BEGIN
  IF cardinality(a) <> cardinality(b) THEN
    RAISE EXCEPTION 'different vector dimensions % and %', cardinality(a), cardinality(b)
      USING ERRCODE = 'data_exception';
  END IF;
  RETURN (SELECT sqrt(sum((x - y) * (x - y))) FROM unnest(a, b) AS pair (x, y));
END
$$;

CREATE FUNCTION vector_negative_inner_product(vector, vector) RETURNS double precision
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  a double precision[] := vector_to_float8($1);
  b double precision[] := vector_to_float8($2);
BEGIN
  IF cardinality(a) <> cardinality(b) THEN
    RAISE EXCEPTION 'different vector dimensions % and %', cardinality(a), cardinality(b)
      USING ERRCODE = 'data_exception';
  END IF;
  RETURN (SELECT -sum(x * y) FROM unnest(a, b) AS pair (x, y));
END
$$;

CREATE OPERATOR <=> (LEFTARG = vector, RIGHTARG = vector, FUNCTION = cosine_distance, COMMUTATOR = <=>);
CREATE OPERATOR <-> (LEFTARG = vector, RIGHTARG = vector, FUNCTION = l2_distance, COMMUTATOR = <->);
CREATE OPERATOR <#> (LEFTARG = vector, RIGHTARG = vector, FUNCTION = vector_negative_inner_product, COMMUTATOR = <#>);
